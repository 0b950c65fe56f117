task "wait" {
  ref    = "app.wait"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  input      = { delays = "list<int>" }
  map "waited" {
    over = "${input.delays}"
    as   = "ms"
    task "wait" {}
  }
  output = "${waited}"
}
