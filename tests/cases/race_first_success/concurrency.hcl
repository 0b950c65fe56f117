task "ask" {
  ref    = "app.ask"
  effect = "read"
}

workflow "main" {
  entrypoint = true
  race "answer" {
    task "ask" "near" {
      with = { ms = 10 }
    }
    task "ask" "far" {
      with = { ms = 500 }
    }
  }
  output = "${answer}"
}
