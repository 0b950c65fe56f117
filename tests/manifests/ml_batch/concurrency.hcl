version = "1.0"

# Documents are embedded in batches. Four cards are in the host, and every process on it shares them.
resource "gpu" {
  kind            = "semaphore"
  max_concurrency = 4
  scope           = "host"
}

resource "vectors" {
  kind = "grpc"
  url  = "${env.VECTOR_STORE}"
}

task "split" {
  ref    = "corpus.split"
  effect = "read"
  policy = "storage"
}

task "embed" {
  ref    = "model.embed"
  effect = "none"
  uses   = ["gpu"]
  policy {
    retries = 1
    timeout = "10m"
  }
}

task "upsert" {
  ref        = "index.upsert"
  idempotent = true
  policy     = "storage"
}

policy "storage" {
  retries   = 4
  initial   = "500ms"
  max_delay = "20s"
  timeout   = "1m"
}

workflow "embed_corpus" {
  entrypoint = true
  input {
    path       = "string"
    batch_size = { type = "int", default = 256 }
  }

  task "split" {}
  map "written" {
    over            = "${split}"
    as              = "batch"
    max_concurrency = 8
    task "embed" {}
    task "upsert" {
      with = { embeddings = "${embed}" }
    }
  }

  output = { batches = "${size(written)}" }
}
