task "look_up" {
  ref    = "app.look_up"
  effect = "read"
  cache  = { ttl = "1m" }
}

workflow "main" {
  entrypoint = true
  task "look_up" "one" {
    with = { key = "a" }
  }
  task "look_up" "two" {
    with = { key = "a" }
  }
  task "look_up" "three" {
    with = { key = "b" }
  }
  output = ["${one}", "${two}", "${three}"]
}
