task "label" {
  ref    = "app.label"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  input      = { n = "int" }
  switch "size" {
    case {
      when = "${input.n > 100}"
      task "label" "big" {
        with = { text = "big" }
      }
    }
    case {
      when = "${input.n > 10}"
      task "label" "middle" {
        with = { text = "middle" }
      }
    }
    default {
      task "label" "small" {
        with = { text = "small" }
      }
    }
  }
  output = "${size}"
}
