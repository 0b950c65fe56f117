"""The dependency: it hangs while the file `hangs` is there, and fails for a city while `down.CITY` is."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


class Station(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        city = parse_qs(urlsplit(self.path).query)["city"][0]
        with open("asked.log", "a") as log:
            log.write(f"{city}\n")
        while Path("hangs").exists():
            time.sleep(0.002)
        body = json.dumps({"weather": "fine"}).encode()
        self.send_response(503 if Path(f"down.{city}").exists() else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Station).serve_forever()
