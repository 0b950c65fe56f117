task "work" {
  ref        = "app.work"
  idempotent = true
}

workflow "main" {
  entrypoint = true
  concurrency {
    limit = 2
    key   = "${input.customer + '/' + string(input.shop)}"
  }
  input {
    customer = "string"
    shop     = "int"
  }
  task "work" {}
}
