"""The services of the project, each in a process of its own.

    python services.py auth | users | stock

Prints its port once it listens. Each writes the idempotency key of every call to a file of its name.
"""

import asyncio
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import grpc.aio
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
)

# As auth.proto has it: the server is somebody else's, and knows nothing of generated code.
AUTH = """
name: "auth_server.proto" package: "shop.auth.v1" syntax: "proto3"
message_type { name: "CheckPermissionsRequest"
  field { name: "user_id" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
  field { name: "actions" number: 2 label: LABEL_REPEATED type: TYPE_STRING } }
message_type { name: "CheckPermissionsReply"
  field { name: "decision" number: 1 label: LABEL_OPTIONAL type: TYPE_INT32 }
  field { name: "reason" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING } }
"""


def note(name: str, key: str) -> None:
    with open(f"{name}.log", "a") as log:
        log.write(f"{key}\n")


async def auth() -> None:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(AUTH, descriptor_pb2.FileDescriptorProto()))
    request, reply = (
        message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"shop.auth.v1.CheckPermissions{name}")
        )
        for name in ("Request", "Reply")
    )

    async def check(asked, context):
        metadata = {item[0]: item[1] for item in context.invocation_metadata()}
        note("auth", metadata["idempotency-key"])
        if asked.user_id == "broken":
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many")
        return reply(decision=1, reason=",".join(asked.actions))

    handler = grpc.unary_unary_rpc_method_handler(
        check,
        request_deserializer=request.FromString,
        response_serializer=reply.SerializeToString,
    )
    server = grpc.aio.server()
    service = grpc.method_handlers_generic_handler(
        "shop.auth.v1.AuthService", {"CheckPermissions": handler}
    )
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def reply(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self) -> None:
        if not self.path.startswith("/users/"):
            return self.reply(200, {"status": "ok"})
        note("users", self.headers["idempotency-key"])
        user = self.path.removeprefix("/users/")
        if user == "nobody":
            return self.reply(404, {"message": "no such user"})
        return self.reply(200, {"id": user, "name": user.upper()})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        note("stock", self.headers["idempotency-key"])
        while os.path.exists("hold"):
            time.sleep(0.01)
        self.reply(201, {"reserved": len(body["items"])})


if __name__ == "__main__":
    if sys.argv[1] == "auth":
        asyncio.run(auth())
    else:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
        print(server.server_port, flush=True)
        server.serve_forever()
