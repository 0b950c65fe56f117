"""The dependency: it hangs while the file `hangs` is there, and fails for a city while `down.CITY` is.

How many have visited it at once, at most, stands in the file `most`.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


lock = threading.Lock()
inside = 0
most = 0


def enters(by: int) -> None:
    global inside, most
    with lock:
        inside += by
        if inside > most:
            most = inside
            Path("most").write_text(str(most))


class Station(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        city = parse_qs(urlsplit(self.path).query)["city"][0]
        with open("asked.log", "a") as log:
            log.write(f"{city}\n")
        while Path("hangs").exists():
            time.sleep(0.002)
        if self.path.startswith("/visit"):
            enters(1)
            time.sleep(0.002)
            enters(-1)
        body = json.dumps({"weather": "fine"}).encode()
        self.send_response(503 if Path(f"down.{city}").exists() else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Station).serve_forever()
