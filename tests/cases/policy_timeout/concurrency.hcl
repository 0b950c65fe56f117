task "slow" {
  ref    = "app.slow"
  effect = "read"
  policy {
    retries = 2
    initial = "10ms"
    jitter  = "none"
    timeout = "50ms"
  }
}

workflow "main" {
  entrypoint = true
  task "slow" {}
}
