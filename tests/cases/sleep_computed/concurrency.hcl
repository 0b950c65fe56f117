task "pause" {
  ref    = "app.pause"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  input      = { wait = "bool" }
  task "pause" {}
  sleep "slept" {
    duration = "${pause}"
    when     = "${input.wait}"
  }
  output = "${pause}"
}
