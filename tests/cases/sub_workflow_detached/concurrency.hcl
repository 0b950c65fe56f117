task "answer" {
  ref    = "app.answer"
  effect = "none"
}

task "audit" {
  ref        = "app.audit"
  idempotent = true
}

workflow "main" {
  entrypoint = true
  task "answer" {}
  workflow "background" {
    detach = true
  }
  output = "${answer}"
}

workflow "background" {
  input = { answer = "string" }
  task "audit" {}
}
