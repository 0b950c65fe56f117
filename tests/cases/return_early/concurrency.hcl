task "find" {
  ref    = "app.find"
  effect = "read"
}

task "compute" {
  ref    = "app.compute"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  task "find" {}
  return {
    value = "${find}"
    when  = "${find != null}"
  }
  task "compute" {}
  output = "${compute}"
}
