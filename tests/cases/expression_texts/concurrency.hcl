task "say" {
  ref    = "app.say"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  input {
    name = "string"
    n    = "int"
  }
  task "say" "one" {
    with = { text = "Grüße, ${input.name} 👋 – ${input.n + 1} Übungen" }
  }
  task "say" "two" {
    with = { text = "Это $${input.name}, ${'}' + input.name + '{'}" }
  }
  task "say" "three" {
    with = { text = "${size(one) > size(two) ? one : two}" }
  }
  output = "${one}|${two}|${size(three)}"
}
