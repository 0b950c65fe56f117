resource "db" {
  kind = "postgres"
  url  = "${env.DATABASE_URL}"
  pool = { min = 1, max = 5 }
}

resource "kv" {
  kind = "redis"
  url  = "redis://localhost:6379/0"
  pool { max = 10 }
}

resource "api" {
  kind            = "http"
  url             = "https://${env.API_HOST}/v1"
  rate_limit      = "100/s"
  max_concurrency = 20
}

resource "users" {
  kind    = "grpc"
  address = "users.internal:50051"
}

task "gather" {
  ref    = "app.gather"
  effect = "read"
}

workflow "main" {
  entrypoint = true
  task "gather" {}
}
