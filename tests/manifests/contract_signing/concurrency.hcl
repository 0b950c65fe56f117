version = "1.0"

# Everybody signs, in any order. A reminder goes out each day; after two weeks the offer lapses.
task "create_envelope" {
  ref    = "signing.create_envelope"
  policy = "api"
}

task "remind" {
  ref      = "signing.remind"
  policy   = "api"
  critical = false
}

task "archive" {
  ref        = "signing.archive"
  idempotent = true
  policy     = "api"
}

task "void_envelope" {
  ref        = "signing.void_envelope"
  idempotent = true
  policy     = "api"
}

policy "api" {
  retries   = 5
  initial   = "500ms"
  max_delay = "1m"
  timeout   = "15s"
}

workflow "sign_contract" {
  entrypoint = true
  input {
    contract = "string"
    buyer    = "string"
    seller   = "string"
  }

  task "create_envelope" {}

  try {
    deadline = "336h"

    race {
      parallel "signatures" {
        wait_for {
          signal = "buyer_signed"
          type   = { name = "string" }
        }
        wait_for {
          signal = "seller_signed"
          type   = { name = "string" }
        }
      }
      sequence {
        loop {
          while          = "${true}"
          max_iterations = 14
          on_exhausted   = "continue"
          sleep "24h" {}
          task "remind" {}
        }
        fail {
          type    = "Lapsed"
          message = "nobody signed ${input.contract} in time"
        }
      }
    }
    task "archive" {}

    catch {
      errors = ["TimeoutError", "Lapsed"]
      task "void_envelope" {}
    }
  }
}
