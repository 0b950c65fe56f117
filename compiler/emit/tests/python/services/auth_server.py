"""A gRPC server of the test's schema. Its messages are in a pool of its own, as in another process.

As a program it says where it listens, then line by line what it logs, until its standard input ends.
"""

import asyncio
import base64
import sys
from collections import Counter
from pathlib import Path

import grpc
import grpc.aio
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = Path(__file__).parent
files = descriptor_pb2.FileDescriptorSet.FromString(
    base64.b64decode((ROOT / "schema.b64").read_text())
)
pool = descriptor_pool.DescriptorPool()
for name in ("google/", "shop/common", "shop/auth"):
    for file in files.file:
        if file.name.startswith(name):
            pool.Add(file)

class Log(list[str]):
    is_shown = False

    def append(self, line: str) -> None:
        super().append(line)
        if self.is_shown:
            print(line, flush=True)


log = Log()


def message(name):
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


Everything, Fault, Seen = (
    message(f"shop.auth.v1.{n}") for n in ("Everything", "Fault", "Seen")
)
Empty = message("google.protobuf.Empty")
failed: Counter[str] = Counter()
"""Of each key."""


async def echo(request, context):
    return request


async def fail(request, context):
    """Fails so many times with the code, each after some time; then says what it has seen."""
    metadata = {item[0]: item[1] for item in context.invocation_metadata()}
    left = context.time_remaining()
    key = metadata["idempotency-key"]
    log.append(f"{request.code} {key}")
    try:
        await asyncio.sleep(request.seconds)
    except asyncio.CancelledError:
        log.append("cancelled")
        raise
    if failed[key] < request.times:
        failed[key] += 1
        await context.abort(grpc.StatusCode[request.code], f"failure {failed[key]}")
    seen = Seen(key=key, trace=metadata.get("traceparent", ""))
    if left is not None and left < 1e6:
        seen.seconds = left
    seen.role = 7 if request.code == "ROLE" else 1
    return seen


async def touch(request, context):
    log.append("touch")
    return Empty()


async def started(address="127.0.0.1:0"):
    server = grpc.aio.server()
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            function,
            request_deserializer=request.FromString,
            response_serializer=lambda reply: reply.SerializeToString(),
        )
        for name, function, request in (
            ("Echo", echo, Everything),
            ("Fail", fail, Fault),
            ("Touch", touch, Empty),
        )
    }
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("shop.auth.v1.Auth", handlers),)
    )
    port = server.add_insecure_port(address)
    await server.start()
    return server, f"127.0.0.1:{port}"


async def main() -> None:
    server, address = await started()
    print(address, flush=True)
    log.is_shown = True
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
