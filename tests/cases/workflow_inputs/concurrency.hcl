task "show" {
  ref    = "app.show"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  input {
    flag   = { type = "bool", default = true }
    count  = { type = "int", default = 3 }
    ratio  = { type = "float", default = 1 }
    price  = { type = "decimal", default = 9.90 }
    name   = { type = "string?", default = null }
    tags   = { type = "list<string>", default = ["a", "b"] }
    limits = { type = "map<string, int>", default = { x = 1 } }
    size   = { type = "{w: int, h: int}", default = { w = 1, h = 2 } }
    color  = { type = "app.Color", default = "red" }
    token  = { type = "string", secret = true }
  }
  task "show" {}
}
