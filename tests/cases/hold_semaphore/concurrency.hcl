resource "press" {
  kind            = "semaphore"
  max_concurrency = 1
  scope           = "process"
}

task "load" {
  ref        = "app.load"
  idempotent = true
}

task "print" {
  ref        = "app.print_sheet"
  idempotent = true
}

workflow "main" {
  entrypoint = true
  map {
    over = [1, 2]
    as   = "sheet"
    hold {
      resource = "press"
      task "load" {}
      task "print" {}
    }
  }
}
