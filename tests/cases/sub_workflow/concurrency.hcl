task "load" {
  ref    = "app.load"
  effect = "read"
}

task "greet" {
  ref    = "app.greet"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  task "load" {}
  workflow "welcome" {
    with = { greeting = "Good morning" }
  }
  output = "${welcome}"
}

workflow "welcome" {
  input {
    user     = "app.User"
    greeting = { type = "string", default = "Hello" }
  }
  task "greet" {}
  output = "${greet}!"
}
