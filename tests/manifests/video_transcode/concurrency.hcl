version = "1.0"

# A video is cut into chunks, each chunk is encoded in three sizes, and the sizes are joined.
resource "encoders" {
  kind            = "semaphore"
  max_concurrency = 16
}

task "probe" {
  ref    = "video.probe"
  effect = "read"
  policy = "disk"
}

task "encode" {
  ref    = "video.encode"
  effect = "none"
  uses   = "encoders"
  policy {
    retries = 2
    timeout = "20m"
  }
}

task "join" {
  ref        = "video.join"
  idempotent = true
  policy     = "disk"
}

task "publish" {
  ref        = "video.publish"
  idempotent = true
  policy     = "disk"
}

policy "disk" {
  retries = 3
  timeout = "2m"
}

workflow "transcode" {
  entrypoint = true
  input {
    path  = "string"
    sizes = { type = "list<int>", default = [360, 720, 1080] }
  }

  task "probe" {}
  map "renditions" {
    over = "${input.sizes}"
    as   = "height"
    map "parts" {
      over = "${probe.chunks}"
      as   = "chunk"
      task "encode" {}
    }
    task "join" {
      with = { parts = "${parts}" }
    }
  }
  task "publish" {
    with = { files = "${renditions}" }
  }
}
