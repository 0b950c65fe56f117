task "work" {
  ref    = "app.work"
  effect = "none"
  policy {
    retries = 2
    initial = "1ms"
    jitter  = "none"
  }
}

workflow "main" {
  entrypoint = true
  try {
    sequence "inner" {
      task "work" {}
    }
    catch {
      as = "problem"
      return {
        value {
          type     = "${problem.type}"
          message  = "${problem.message}"
          step     = "${problem.step}"
          attempts = "${problem.attempts}"
          status   = "${problem.status}"
        }
      }
    }
  }
}
