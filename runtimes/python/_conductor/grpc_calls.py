"""Unary calls of gRPC: a request from JSON, the reply as JSON, a failure as `GrpcError`.

It deliberately opens no channel and decides on no retry.
"""

import asyncio

import grpc
import grpc.aio
from google.protobuf.message import Message

from .errors import GrpcError
from .grpc_messages import Schema, from_message, to_message
from .limits import time_left
from .remote import call_headers

ROUNDING_SECONDS = 0.1
"""How much earlier than the limit the service, or its library, may see it pass."""

KEPT_SECONDS = 1.0
"""How late whoever set a limit may be to keep it, on a machine that is busy."""


async def unary(
    channel: grpc.aio.Channel,
    schema: Schema,
    method: str,
    types: tuple[str, str],
    request: dict[str, object],
    key: str,
) -> object:
    """Calls `/package.Service/Method`; `types` are the names of its messages.

    The nearest time limit is the call's deadline, and a cancellation cancels it.
    """
    reply = schema.message(types[1])
    call: grpc.aio.UnaryUnaryMultiCallable[Message, Message] = channel.unary_unary(
        method,
        request_serializer=_serialized,
        response_deserializer=reply.FromString,
    )
    message = to_message(schema.message(types[0]), request)
    metadata = tuple(call_headers(key).items())
    left = time_left()
    if left is not None and left <= 0.0:
        raise TimeoutError("no time was left for the call")
    try:
        answer = await call(message, timeout=left, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        left = time_left()
        if (
            error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            and left is not None
            and left <= ROUNDING_SECONDS
        ):
            # The limit is the caller's, who ends the attempt in this moment and knows what that means for a write.
            await asyncio.sleep(ROUNDING_SECONDS + KEPT_SECONDS)
        raise GrpcError(error.code().name, error.details() or "", {}) from error
    return from_message(answer)


def _serialized(message: Message) -> bytes:
    return message.SerializeToString()
