task "slow" {
  ref        = "app.slow"
  idempotent = true
}

task "broken" {
  ref    = "app.broken"
  effect = "none"
}

task "note" {
  ref        = "app.note"
  idempotent = true
}

workflow "main" {
  entrypoint = true
  try {
    parallel {
      on_failure = "wait"
      task "slow" {}
      task "broken" {}
    }
    catch {
      task "note" {
        with = { text = "${slow == null ? 'cut off' : slow}" }
      }
    }
  }
}
