task "a" {
  ref    = "app.a"
  effect = "none"
}

task "b" {
  ref    = "app.b"
  effect = "none"
}

task "c" {
  ref    = "app.c"
  effect = "none"
}

task "d" {
  ref    = "app.d"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  graph "diamond" {
    task "a" {}
    task "b" {}
    task "c" {}
    task "d" {}
  }
  output = "${diamond}"
}
