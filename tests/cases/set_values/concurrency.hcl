task "rate" {
  ref    = "app.rate"
  effect = "read"
}

workflow "main" {
  entrypoint = true
  input      = { net = "decimal" }
  task "rate" {}
  set "bill" {
    tax   = "${input.net * rate}"
    gross = "${input.net + tax}"
  }
  output = { bill = "${bill}", gross = "${gross}" }
}
