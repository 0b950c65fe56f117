task "score" {
  ref    = "app.score"
  effect = "read"
}

workflow "main" {
  entrypoint = true
  try {
    task "score" {}
    fail {
      when    = "${score < 50}"
      type    = "TooLow"
      message = "only ${score}"
    }
    catch {
      errors = ["TooLow"]
      return { value = "${error.message}" }
    }
  }
  output = "passed"
}
