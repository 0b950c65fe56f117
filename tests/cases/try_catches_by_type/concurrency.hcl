task "pay" {
  ref        = "app.pay"
  idempotent = true
}

task "dun" {
  ref        = "app.dun"
  idempotent = true
}

workflow "main" {
  entrypoint = true
  try "outcome" {
    task "pay" {}
    catch {
      errors = ["app.Declined"]
      task "dun" {
        with = { reason = "${error.message}" }
      }
    }
  }
  output = "${outcome}"
}
