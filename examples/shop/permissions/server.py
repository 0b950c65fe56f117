"""The shop's permissions as a gRPC service of its own, which tells by reflection what it offers.

    SHOP_DB=shop.db python permissions/server.py --port 50051

It needs grpcio, grpcio-reflection and protobuf. `auth_pb2.py` was made from `auth.proto` by protoc.
"""

import argparse
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import auth_pb2
import grpc
from grpc_reflection.v1alpha import reflection

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import database

SERVICE = auth_pb2.DESCRIPTOR.services_by_name["AuthService"].full_name


def check_permissions(request: auth_pb2.CheckPermissionsRequest, context: grpc.ServicerContext) -> auth_pb2.Permissions:
    """Says what the customer may order, or refuses."""
    with database.logged("check_permissions", request.user_id):
        try:
            row = database.connect().execute("SELECT name, tier, blocked FROM users WHERE id = ?", (request.user_id,)).fetchone()
        except sqlite3.OperationalError as error:
            context.abort(grpc.StatusCode.UNAVAILABLE, f"the database does not answer: {error}")
        if row is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"there is no customer {request.user_id}")
        name, tier, blocked = row
        if blocked:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, f"{name} may not order")
        return auth_pb2.Permissions(may_order=True, limit="10000" if tier == "gold" else "1000")


def main() -> None:
    """Serves until it is stopped; says on which port as soon as it can be called."""
    parser = argparse.ArgumentParser(description="The shop's permissions.")
    parser.add_argument("--port", type=int, default=50051, help="0 takes a free one")
    options = parser.parse_args()
    database.create()
    handler = grpc.unary_unary_rpc_method_handler(
        check_permissions,
        request_deserializer=auth_pb2.CheckPermissionsRequest.FromString,
        response_serializer=auth_pb2.Permissions.SerializeToString,
    )
    server = grpc.server(ThreadPoolExecutor(max_workers=16))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"CheckPermissions": handler}),))
    reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), server)
    port = server.add_insecure_port(f"127.0.0.1:{options.port}")
    server.start()
    print(f"serving on 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
