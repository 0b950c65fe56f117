"""A gRPC server of any schema, in Python: the schema is compiled when it starts and offered by reflection.

Usage: python_grpc.py SCHEMA.proto [--no-reflection]
"""

import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection
from grpc_tools import protoc


def compiled(schema: Path) -> descriptor_pb2.FileDescriptorSet:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "set.binpb"
        standard = Path(protoc.__file__).parent / "_proto"
        arguments = ["protoc", f"-I{schema.parent}", f"-I{standard}", f"--descriptor_set_out={out}"]
        if protoc.main([*arguments, "--include_imports", str(schema)]) != 0:
            sys.exit("the schema does not compile")
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())


SEEN: Counter[str] = Counter()


def answered(method, request, response, context):
    """Copies what both have in common; see the server in Go for the fields that mean more."""
    asked = {field.name: field for field in method.input_type.fields}
    key = f"{method.full_name} {getattr(request, 'user_id', '')}"
    SEEN[key] += 1
    if "wait_ms" in asked:
        time.sleep(request.wait_ms / 1000)
    if "fail_code" in asked and request.fail_code and SEEN[key] <= request.fail_times:
        context.abort(grpc.StatusCode[request.fail_code], f"failed on purpose, for the {SEEN[key]}. time")
    for field in method.output_type.fields:
        if field.name == "calls":
            response.calls = SEEN[key]
        elif field.name == "allowed":
            response.allowed = True
        elif field.name == "metadata":
            for name, value in context.invocation_metadata():
                response.metadata[name] = value if isinstance(value, str) else value.decode()
    same = {name for name in asked if any(field.name == name for field in method.output_type.fields)}
    copy = type(request)()
    copy.CopyFrom(request)
    for field, _ in request.ListFields():
        if field.name not in same:
            copy.ClearField(field.name)
    if method.input_type.full_name == method.output_type.full_name:
        response.MergeFrom(copy)
    else:
        for field, value in copy.ListFields():
            setattr(response, field.name, value)
    return response


def handlers(pool, service):
    found = {}
    for method in service.methods:
        if method.client_streaming or method.server_streaming:
            continue
        request = message_factory.GetMessageClass(method.input_type)
        response = message_factory.GetMessageClass(method.output_type)
        found[method.name] = grpc.unary_unary_rpc_method_handler(
            lambda asked, context, method=method, response=response: answered(method, asked, response(), context),
            request_deserializer=request.FromString,
            response_serializer=response.SerializeToString,
        )
    return grpc.method_handlers_generic_handler(service.full_name, found)


def main() -> None:
    schema = Path(sys.argv[1]).resolve()
    pool = descriptor_pool.DescriptorPool()
    files = compiled(schema)
    for file in files.file:
        pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    names = []
    for file in files.file:
        for service in file.service:
            names.append(f"{file.package}.{service.name}")
            server.add_generic_rpc_handlers((handlers(pool, pool.FindServiceByName(names[-1])),))
    if "--no-reflection" not in sys.argv:
        reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], server, pool=pool)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
