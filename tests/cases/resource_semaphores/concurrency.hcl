resource "gpu" {
  kind            = "semaphore"
  max_concurrency = 1
}

resource "disk" {
  kind            = "semaphore"
  max_concurrency = 2
  scope           = "process"
}

task "train" {
  ref    = "app.work"
  effect = "none"
  uses   = ["gpu", "disk"]
}

task "store" {
  ref    = "app.work"
  effect = "none"
  uses   = "disk"
}

workflow "main" {
  entrypoint = true
  parallel {
    task "train" "a" {}
    task "train" "b" {}
    task "store" "c" {}
  }
}
