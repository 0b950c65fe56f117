task "broken" {
  ref      = "app.broken"
  effect   = "read"
  critical = false
  policy {
    circuit_breaker {
      failures        = 3
      window          = "10s"
      open_for        = "5s"
      half_open_calls = 1
    }
  }
}

workflow "main" {
  entrypoint = true
  map "tried" {
    over            = [1, 2, 3, 4, 5]
    as              = "n"
    max_concurrency = 1
    task "broken" {}
  }
  output = "${tried}"
}
