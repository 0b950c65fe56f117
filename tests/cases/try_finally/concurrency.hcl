task "work" {
  ref    = "app.work"
  effect = "none"
}

task "clean" {
  ref        = "app.clean"
  idempotent = true
}

workflow "main" {
  entrypoint = true
  try "block" {
    task "work" {}
    finally {
      task "clean" {}
    }
  }
  output = "${block}"
}
