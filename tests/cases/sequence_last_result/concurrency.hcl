task "start" {
  ref    = "app.start"
  effect = "none"
}

task "double" {
  ref    = "app.double"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  sequence "both" {
    task "start" {}
    task "double" {
      with = { n = "${start}" }
    }
  }
  output = { both = "${both}", inner = "${double}" }
}
