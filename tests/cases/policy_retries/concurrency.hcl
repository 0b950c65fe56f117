task "flaky" {
  ref    = "app.flaky"
  policy = "patient"
}

policy "patient" {
  retries = 3
  initial = "10ms"
  jitter  = "none"
}

workflow "main" {
  entrypoint = true
  task "flaky" {}
}
