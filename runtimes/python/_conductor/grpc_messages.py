"""Protocol buffers as the JSON of docs/types.md, and back, by the descriptors of a schema.

It deliberately keeps a pool of its own: the application may have generated modules for the same files.
"""

import base64
import datetime as dt
import threading
from collections.abc import Iterable
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from . import scalars
from .errors import ResultError
from .scalars import mismatch

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
WRAPPERS = frozenset(
    f"google.protobuf.{kind}Value"
    for kind in (
        *("Bool", "Int32", "Int64", "UInt32", "UInt64"),
        *("Float", "Double", "String", "Bytes"),
    )
)
MAX_DEPTH = 100
"""How deep messages may be nested, as in the parsers of protocol buffers."""


class Schema:
    """The messages of one server, read when the first of them is asked for."""

    def __init__(self, descriptors: str) -> None:
        self._descriptors = descriptors
        self._pool: descriptor_pool.DescriptorPool | None = None
        self._lock = threading.Lock()

    def message(self, name: str) -> type[Message]:
        """The class of a message by its full name."""
        with self._lock:
            if self._pool is None:
                self._pool = _pool(base64.b64decode(self._descriptors))
            found = self._pool.FindMessageTypeByName(name)
        made: type[Message] = message_factory.GetMessageClass(found)
        return made


def _pool(descriptors: bytes) -> descriptor_pool.DescriptorPool:
    """A pool of these files, each after those that it imports."""
    pool = descriptor_pool.DescriptorPool()
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptors).file
    waiting = {file.name: file for file in files}
    order: list[descriptor_pb2.FileDescriptorProto] = []
    pending = [file.name for file in reversed(files)]
    while pending:
        file = waiting.get(pending[-1])
        before = [] if file is None else [n for n in file.dependency if n in waiting]
        if file is None or pending[-1] in before:
            pending.pop()
        elif before:
            pending.extend(before)
        else:
            order.append(waiting.pop(pending.pop()))
    for file in order:
        pool.Add(file)
    return pool


def to_message(made: type[Message], value: object) -> Message:
    """The message with these fields by name; what is null is left out."""
    message = made()
    # Also of a message that stands for a value elsewhere: the arguments of a call are its fields.
    _fill_fields(message, scalars.decode_object(value), MAX_DEPTH)
    return message


def _fill(message: Any, value: object, room: int) -> None:
    name = message.DESCRIPTOR.full_name
    if room == 0:
        raise ResultError(f"messages are nested more than {MAX_DEPTH} deep")
    if name == "google.protobuf.Timestamp":
        _fill_timestamp(message, value)
    elif name == "google.protobuf.Duration":
        micros = scalars.decode_timedelta(value) // dt.timedelta(microseconds=1)
        seconds, rest = divmod(abs(micros), 1_000_000)
        sign = -1 if micros < 0 else 1
        message.seconds, message.nanos = sign * seconds, sign * rest * 1000
    elif name in WRAPPERS:
        message.value = _single(message.DESCRIPTOR.fields_by_name["value"], value)
    elif name == "google.protobuf.Struct":
        for key, item in scalars.decode_object(value).items():
            _fill(message.fields[key], item, room - 1)
    elif name == "google.protobuf.ListValue":
        for item in scalars.decode_list(value):
            _fill(message.values.add(), item, room - 1)
    elif name == "google.protobuf.Value":
        _fill_value(message, value, room)
    elif name == "google.protobuf.Empty":
        return
    else:
        _fill_fields(message, scalars.decode_object(value), room)


def _fill_timestamp(message: Any, value: object) -> None:
    moment = scalars.decode_datetime(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    micros = (moment - EPOCH) // dt.timedelta(microseconds=1)
    message.seconds, rest = divmod(micros, 1_000_000)
    message.nanos = rest * 1000


def _fill_value(message: Any, value: object, room: int) -> None:
    if value is None:
        message.null_value = 0
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, (int, float)):
        message.number_value = float(value)
    elif isinstance(value, str):
        message.string_value = value
    elif isinstance(value, dict):
        message.struct_value.SetInParent()
        _fill(message.struct_value, value, room - 1)
    else:
        message.list_value.SetInParent()
        _fill(message.list_value, value, room - 1)


def _fill_fields(message: Any, fields: dict[str, object], room: int) -> None:
    known = message.DESCRIPTOR.fields_by_name
    for name, value in fields.items():
        field = known.get(name)
        if field is None:
            full = message.DESCRIPTOR.full_name
            raise ResultError(f"the message {full} has no field {name}")
        if value is None:
            continue
        oneof = field.containing_oneof
        other = None if oneof is None else message.WhichOneof(oneof.name)
        if other is not None:
            full = message.DESCRIPTOR.full_name
            raise ResultError(f"the message {full} has {other} or {name}, not both")
        if _is_map(field):
            _fill_map(getattr(message, name), field, value, room)
        elif _is_repeated(field):
            items = getattr(message, name)
            for item in scalars.decode_list(value):
                if field.message_type is None:
                    items.append(_single(field, item))
                else:
                    _fill(items.add(), item, room - 1)
        elif field.message_type is not None:
            inner = getattr(message, name)
            inner.SetInParent()
            _fill(inner, value, room - 1)
        else:
            setattr(message, name, _single(field, value))


def _fill_map(entries: Any, field: FieldDescriptor, value: object, room: int) -> None:
    of = _values(field)
    for key, item in scalars.decode_object(value).items():
        if of.message_type is None:
            entries[key] = _single(of, item)
        else:
            # A message without fields is an entry, too.
            entries[key].SetInParent()
            _fill(entries[key], item, room - 1)


def _single(field: FieldDescriptor, value: object) -> Any:
    """What protobuf takes for a field that is no message."""
    kind = field.cpp_type
    if field.enum_type is not None:
        found = field.enum_type.values_by_name.get(scalars.decode_str(value))
        if found is None:
            raise mismatch(f"a value of the enum {field.enum_type.full_name}", value)
        return found.number
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return scalars.decode_bool(value)
    if kind in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
        return scalars.decode_float(value)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return scalars.decode_bytes(value)
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return scalars.decode_str(value)
    number = scalars.decode_int(value)
    low, high = _RANGES[kind]
    if not low <= number <= high:
        raise mismatch(f"a number of the field {field.full_name}", number)
    return number


_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**63 - 1),
}


def from_message(message: Any, room: int = MAX_DEPTH) -> object:
    """Every field by name; null is a field that is not set and could be."""
    descriptor: Descriptor = message.DESCRIPTOR
    name = descriptor.full_name
    if room == 0:
        raise ResultError(f"messages are nested more than {MAX_DEPTH} deep")
    if name == "google.protobuf.Timestamp":
        return _moment(message).isoformat()
    if name == "google.protobuf.Duration":
        return scalars.encode_timedelta(_span(message))
    if name in WRAPPERS:
        return _plain(descriptor.fields_by_name["value"], message.value)
    if name == "google.protobuf.Struct":
        return {k: from_message(v, room - 1) for k, v in message.fields.items()}
    if name == "google.protobuf.ListValue":
        return [from_message(item, room - 1) for item in message.values]
    if name == "google.protobuf.Value":
        return _any(message, room)
    if name == "google.protobuf.Empty":
        return None
    fields: Iterable[FieldDescriptor] = descriptor.fields
    return {field.name: _field(message, field, room) for field in fields}


def _field(message: Any, field: FieldDescriptor, room: int) -> object:
    value = getattr(message, field.name)
    if _is_map(field):
        of = _values(field)
        return {key: _item(of, item, room) for key, item in value.items()}
    if _is_repeated(field):
        return [_item(field, item, room) for item in value]
    is_absent = field.has_presence and not message.HasField(field.name)
    if is_absent and (field.message_type is not None or not field.has_default_value):
        return None
    return _item(field, value, room)


def _item(field: FieldDescriptor, value: Any, room: int) -> object:
    if field.message_type is not None:
        return from_message(value, room - 1)
    return _plain(field, value)


def _plain(field: FieldDescriptor, value: Any) -> object:
    kind = field.cpp_type
    if field.enum_type is not None:
        if field.enum_type.full_name == "google.protobuf.NullValue":
            return None
        found = field.enum_type.values_by_number.get(value)
        if found is None:
            raise ResultError(
                f"the field {field.full_name} has the number {value}, which the enum "
                f"{field.enum_type.full_name} did not have when this was built"
            )
        return str(found.name)
    if kind in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
        return scalars.encode_float(value)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return scalars.encode_bytes(value)
    if kind == FieldDescriptor.CPPTYPE_UINT64:
        return scalars.encode_int(value)
    return value


def _any(message: Any, room: int) -> object:
    kind = message.WhichOneof("kind")
    if kind is None or kind == "null_value":
        return None
    value = getattr(message, kind)
    if kind in ("struct_value", "list_value"):
        return from_message(value, room - 1)
    if kind == "number_value":
        is_whole = value.is_integer() and abs(value) <= 2**53
        return int(value) if is_whole else scalars.encode_float(value)
    return value


def _moment(message: Any) -> dt.datetime:
    micros = message.nanos // 1000
    try:
        return EPOCH + dt.timedelta(seconds=message.seconds, microseconds=micros)
    except OverflowError:
        raise mismatch("a timestamp from year 1 to 9999", message.seconds) from None


def _span(message: Any) -> dt.timedelta:
    micros = abs(message.nanos) // 1000 * (1 if message.nanos >= 0 else -1)
    try:
        return dt.timedelta(seconds=message.seconds, microseconds=micros)
    except OverflowError:
        raise mismatch(
            "a duration that a timedelta can hold", message.seconds
        ) from None


def _values(field: FieldDescriptor) -> FieldDescriptor:
    """The field of a map's entries that has their values."""
    entry: Any = field.message_type
    found: FieldDescriptor = entry.fields_by_name["value"]
    return found


def _is_repeated(field: FieldDescriptor) -> bool:
    known = getattr(field, "is_repeated", None)
    if known is None:  # before protobuf 6.31
        return getattr(field, "label", None) == FieldDescriptor.LABEL_REPEATED
    return bool(known)


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry
