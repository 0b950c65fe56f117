task "book" {
  ref        = "app.book"
  compensate = "cancel"
}

task "cancel" {
  ref        = "app.cancel"
  idempotent = true
}

task "broken" {
  ref    = "app.broken"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  task "book" "flight" {
    with = { what = "flight" }
  }
  task "book" "hotel" {
    with = { what = "hotel" }
  }
  task "broken" {}
}
