task "check" {
  ref      = "app.check"
  effect   = "none"
  critical = false
}

workflow "main" {
  entrypoint = true
  map "checked" {
    over = [1, 2, 3]
    as   = "n"
    task "check" {}
  }
  output {
    all  = "${checked}"
    good = "${checked.filter(c, c != null).size()}"
  }
}
