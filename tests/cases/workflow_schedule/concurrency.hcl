task "report" {
  ref        = "app.report"
  idempotent = true
}

workflow "nightly" {
  entrypoint = true
  schedule {
    cron      = "30 3 * * mon-fri"
    time_zone = "Europe/Berlin"
    missed    = "skip"
  }
  input {
    days = { type = "int", default = 1 }
  }
  task "report" {}
}

workflow "hourly" {
  entrypoint = true
  schedule   = "@hourly"
  task "report" {
    with = { days = 0 }
  }
}
