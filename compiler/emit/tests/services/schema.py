"""Prints the descriptors of the test's schema in base64."""

import base64

from google.protobuf import (
    descriptor_pb2,
    duration_pb2,
    empty_pb2,
    struct_pb2,
    text_format,
    timestamp_pb2,
    wrappers_pb2,
)

COMMON = """
name: "shop/common.proto" package: "shop.common" syntax: "proto3"
enum_type { name: "Role"
  value { name: "ROLE_UNSPECIFIED" number: 0 } value { name: "ADMIN" number: 1 } value { name: "READER" number: 2 } }
"""

FIELDS = [
    ("text", "TYPE_STRING", "", ""),
    ("big", "TYPE_INT64", "", ""),
    ("small", "TYPE_UINT32", "", ""),
    ("ratio", "TYPE_DOUBLE", "", ""),
    ("raw", "TYPE_BYTES", "", ""),
    ("flag", "TYPE_BOOL", "", ""),
    ("role", "TYPE_ENUM", ".shop.common.Role", ""),
    ("at", "TYPE_MESSAGE", ".google.protobuf.Timestamp", ""),
    ("span", "TYPE_MESSAGE", ".google.protobuf.Duration", ""),
    ("note", "TYPE_MESSAGE", ".google.protobuf.StringValue", ""),
    ("maybe", "TYPE_INT32", "", "proto3_optional: true oneof_index: 1"),
    ("tags", "TYPE_STRING", "", "repeated"),
    ("inner", "TYPE_MESSAGE", ".shop.auth.v1.Everything", ""),
    ("items", "TYPE_MESSAGE", ".shop.auth.v1.Everything", "repeated"),
    ("left", "TYPE_STRING", "", "oneof_index: 0"),
    ("right", "TYPE_INT32", "", "oneof_index: 0"),
    ("extra", "TYPE_MESSAGE", ".google.protobuf.Struct", ""),
    ("anything", "TYPE_MESSAGE", ".google.protobuf.Value", ""),
    ("class", "TYPE_STRING", "", ""),
    ("huge", "TYPE_UINT64", "", ""),
    ("nothing", "TYPE_MESSAGE", ".google.protobuf.Empty", ""),
    ("counts", "TYPE_MESSAGE", ".shop.auth.v1.Everything.CountsEntry", "repeated"),
    ("named", "TYPE_MESSAGE", ".shop.auth.v1.Everything.NamedEntry", "repeated"),
    ("roles", "TYPE_MESSAGE", ".shop.auth.v1.Everything.RolesEntry", "repeated"),
]


def field(number: int, name: str, kind: str, of: str, more: str) -> str:
    label = "LABEL_REPEATED" if more == "repeated" else "LABEL_OPTIONAL"
    of = f'type_name: "{of}"' if of else ""
    more = "" if more == "repeated" else more
    return f'field {{ name: "{name}" number: {number} label: {label} type: {kind} {of} {more} }}'


def entry(name: str, kind: str, of: str) -> str:
    value = field(2, "value", kind, of, "")
    return f"""nested_type {{ name: "{name}" {field(1, "key", "TYPE_STRING", "", "")} {value}
      options {{ map_entry: true }} }}"""


fields = " ".join(field(at + 1, *one) for at, one in enumerate(FIELDS))
AUTH = f"""
name: "shop/auth.proto" package: "shop.auth.v1" syntax: "proto3"
dependency: "shop/common.proto" dependency: "google/protobuf/timestamp.proto"
dependency: "google/protobuf/duration.proto" dependency: "google/protobuf/wrappers.proto"
dependency: "google/protobuf/struct.proto" dependency: "google/protobuf/empty.proto"
message_type {{ name: "Everything" {fields}
  oneof_decl {{ name: "choice" }} oneof_decl {{ name: "_maybe" }}
  {entry("CountsEntry", "TYPE_INT64", "")}
  {entry("NamedEntry", "TYPE_MESSAGE", ".shop.auth.v1.Everything")}
  {entry("RolesEntry", "TYPE_ENUM", ".shop.common.Role")} }}
message_type {{ name: "Fault" {field(1, "code", "TYPE_STRING", "", "")} {field(2, "times", "TYPE_INT32", "", "")}
  {field(3, "seconds", "TYPE_DOUBLE", "", "")} }}
message_type {{ name: "Seen" {field(1, "key", "TYPE_STRING", "", "")} {field(2, "trace", "TYPE_STRING", "", "")}
  {field(3, "seconds", "TYPE_DOUBLE", "", "proto3_optional: true oneof_index: 0")} {field(4, "role", "TYPE_ENUM", ".shop.common.Role", "")}
  oneof_decl {{ name: "_seconds" }} }}
service {{ name: "Auth"
  method {{ name: "Echo" input_type: ".shop.auth.v1.Everything" output_type: ".shop.auth.v1.Everything" }}
  method {{ name: "Fail" input_type: ".shop.auth.v1.Fault" output_type: ".shop.auth.v1.Seen" }}
  method {{ name: "Touch" input_type: ".google.protobuf.Empty" output_type: ".google.protobuf.Empty" }} }}
"""

files = descriptor_pb2.FileDescriptorSet()
# Not in the order of their imports: nobody promised that.
text_format.Parse(AUTH, files.file.add())
text_format.Parse(COMMON, files.file.add())
for known in (timestamp_pb2, duration_pb2, wrappers_pb2, struct_pb2, empty_pb2):
    known.DESCRIPTOR.CopyToProto(files.file.add())
print(base64.b64encode(files.SerializeToString()).decode(), end="")
