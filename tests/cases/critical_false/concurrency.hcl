task "extra" {
  ref    = "app.broken"
  effect = "none"
}

task "show" {
  ref    = "app.show"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  task "extra" {
    critical = false
  }
  task "show" {
    with = { text = "${extra == null ? 'nothing' : extra}" }
  }
}
