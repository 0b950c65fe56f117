version = "1.0"

# Each Monday before work: three sources at once, one report, mailed to the team.
task "sales" {
  ref    = "report.sales"
  effect = "read"
  policy = "query"
}

task "churn" {
  ref    = "report.churn"
  effect = "read"
  policy = "query"
}

task "tickets" {
  ref      = "report.tickets"
  effect   = "read"
  policy   = "query"
  critical = false
}

task "render" {
  ref    = "report.render"
  effect = "none"
}

task "mail_report" {
  ref = "report.mail"
  policy {
    retries = 5
    initial = "10s"
    timeout = "30s"
  }
}

policy "query" {
  retries  = 2
  strategy = "constant"
  initial  = "30s"
  jitter   = "none"
  timeout  = "5m"
}

workflow "weekly_report" {
  entrypoint = true
  schedule {
    cron      = "0 6 * * mon"
    time_zone = "America/New_York"
    missed    = "skip"
  }
  deadline = "2h"

  parallel {
    on_failure = "wait"
    task "sales" {}
    task "churn" {}
    task "tickets" {}
  }
  task "render" {
    with = { open_tickets = "${tickets == null ? -1 : tickets}" }
  }
  task "mail_report" {
    with = { body = "${render}" }
  }
}
