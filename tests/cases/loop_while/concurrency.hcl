task "next" {
  ref    = "app.next_number"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  input      = { limit = "int" }
  loop "count" {
    while          = "${count == null ? input.limit > 0 : count < input.limit}"
    max_iterations = 10
    task "next" {
      with = { n = "${count == null ? 0 : count}" }
    }
  }
  output = "${count}"
}
