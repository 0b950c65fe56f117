task "price" {
  ref    = "app.price"
  effect = "none"
}

task "quote" {
  ref    = "app.quote"
  effect = "none"
}

task "show" {
  ref    = "app.show"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  input      = { kind = "string" }
  switch {
    case {
      when = "${input.kind == 'fixed'}"
      task "price" "answer" {}
    }
    default {
      task "quote" "answer" {}
    }
  }
  task "show" {}
}
