task "number" {
  ref    = "app.number"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  parallel "all" {
    task "number" "one" {
      with = { n = 1 }
    }
    sequence {
      task "number" "two" {
        with = { n = 2 }
      }
    }
    sequence "named" {
      task "number" "three" {
        with = { n = 3 }
      }
    }
  }
  output {
    all = "${all}"
    sum = "${one + two + three}"
  }
}
