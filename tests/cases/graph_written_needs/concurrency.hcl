task "create" {
  ref        = "app.create"
  idempotent = true
}

task "grant" {
  ref        = "app.grant"
  idempotent = true
}

task "warm" {
  ref    = "app.warm"
  effect = "read"
}

task "open" {
  ref        = "app.open_shop"
  idempotent = true
}

workflow "main" {
  entrypoint = true
  graph {
    task "open" {
      needs = ["grant", "warm"]
    }
    task "grant" {
      needs = "create"
    }
    task "warm" {
      needs = ["create"]
    }
    task "create" {}
  }
}
