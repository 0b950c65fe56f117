task "ask" {
  ref    = "app.ask"
  effect = "read"
  policy {
    retries  = 1
    initial  = "10ms"
    jitter   = "none"
    fallback = { task = "guess" }
  }
}

task "guess" {
  ref    = "app.guess"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  task "ask" {}
}
