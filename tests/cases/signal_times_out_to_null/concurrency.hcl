task "remind" {
  ref        = "app.remind"
  idempotent = true
}

workflow "main" {
  entrypoint = true
  wait_for "answer" {
    signal     = "answered"
    type       = "string"
    timeout    = "50ms"
    on_timeout = "null"
  }
  task "remind" {
    when = "${answer == null}"
  }
  output = "${answer == null ? 'no answer' : answer}"
}
