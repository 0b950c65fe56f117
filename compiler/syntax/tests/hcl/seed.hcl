version = "1.0"

# 1. Define atomic tasks and map them to functions.
task "fetch_user" {
  ref    = "user_service.get_user_by_id" # Mapping to a function
  policy = "retry_default"
}

task "send_receipt" {
  ref = "notification_service.send_email"
  policy {
    retries  = 2
    critical = false
  }
  with = { subject = "Receipt for ${fetch_user.name}", copies = [1, 2] }
}

policy "retry_default" {
  retries    = 3
  strategy   = "exponential_backoff"
  timeout_ms = 500
}

workflow "process_order_workflow" {
  entrypoint  = true
  description = <<-TEXT
    Costs $${nothing}.
    And ${"a" + '}'}.
  TEXT
  input {
    user_id = "string"
  }

  task "fetch_user" {}
  parallel "both" {
    task "send_receipt" {}
    task "send_receipt" "again" { when = "${fetch_user.email != null}" }
  }
}
