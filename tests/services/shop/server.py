"""A small shop over HTTP, with the standard library only; `openapi.yaml` beside it says what it offers."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BASE = "/api/v1"
ORDERS: dict[str, dict[str, Any]] = {}
BY_KEY: dict[str, str] = {}


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: Any, media: str = "application/json") -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", media)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        parts = url.path.removeprefix(BASE).strip("/").split("/")
        order = ORDERS.get(parts[1]) if len(parts) > 1 else None
        if parts[0] == "health":
            self.answer(200, {"ok": True})
        elif parts[0] != "orders" or order is None:
            self.answer(404, {"message": "no such order"})
        elif len(parts) == 2:
            self.answer(200, order)
        else:
            lines = parse_qs(url.query).get("lines", [])
            self.answer(200, "\n".join([order["sku"], *lines]), "text/plain; charset=utf-8")

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["content-length"])))
        key = self.headers["idempotency-key"]
        if key not in BY_KEY:
            BY_KEY[key] = f"o{len(ORDERS) + 1}"
            ORDERS[BY_KEY[key]] = {**order, "id": BY_KEY[key], "status": "open"}
        self.answer(201, ORDERS[BY_KEY[key]])

    def log_message(self, format: str, *args: object) -> None:
        print(format % args, file=sys.stderr)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Shop)
    print("ready", flush=True)
    server.serve_forever()
