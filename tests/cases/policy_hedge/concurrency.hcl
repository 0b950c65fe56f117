task "look_up" {
  ref    = "app.look_up"
  effect = "read"
  policy {
    hedge {
      after = "20ms"
      max   = 2
    }
  }
}

workflow "main" {
  entrypoint = true
  task "look_up" {}
}
