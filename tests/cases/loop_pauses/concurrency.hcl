task "poll" {
  ref    = "app.poll"
  effect = "read"
}

workflow "main" {
  entrypoint = true
  loop "polled" {
    until          = "${poll >= 3}"
    every          = "100ms"
    max_iterations = 10
    task "poll" {
      with = { last = "${polled == null ? 0 : polled}" }
    }
  }
}
