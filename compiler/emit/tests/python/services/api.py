"""An HTTP API that tells what it was sent, and fails as it is asked to."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

seen: list[dict] = []
connections: set = set()
failures: list[tuple[int, str, bytes]] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        connections.add(self.client_address)
        told = {
            "method": self.command,
            "path": self.path,
            "body": body.decode(),
            **{
                name: self.headers.get(name)
                for name in (
                    "content-type",
                    "cookie",
                    "x-tag",
                    "idempotency-key",
                    "traceparent",
                )
                if self.headers.get(name) is not None
            },
        }
        seen.append(told)
        if "/slow" in self.path:
            time.sleep(1.0)
        status, kind, reply = (
            200,
            "application/json; charset=utf-8",
            json.dumps(told).encode(),
        )
        if failures:
            status, kind, reply = failures.pop(0)
        self.send_response(status)
        if kind:
            self.send_header("content-type", kind)
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        try:
            self.wfile.write(reply)
        except ConnectionError:
            pass

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client may hang up."""


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/v1/"
