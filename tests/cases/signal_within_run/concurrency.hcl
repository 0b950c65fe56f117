task "measure" {
  ref    = "app.measure"
  effect = "none"
}

workflow "main" {
  entrypoint = true
  parallel {
    wait_for "reading" {
      signal  = "measured"
      type    = { value = "int", unit = "string" }
      timeout = "10s"
    }
    sequence {
      task "measure" {}
      emit {
        signal = "measured"
        data   = { value = "${measure}", unit = "cm" }
      }
    }
  }
  output = "${string(reading.value)} ${reading.unit}"
}
