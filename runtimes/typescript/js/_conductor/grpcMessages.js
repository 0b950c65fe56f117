/**
 * Protocol buffers as the JSON of docs/types.md, and back, by the descriptors of a schema.
 *
 * It deliberately imports no library: `@bufbuild/protobuf` is the project's own, and is handed in.
 */
import { ResultError, textOf } from "./errors.js";
import { fieldNamed, hasDefault } from "./grpcSchema.js";
import { decodeMicros, microsText } from "./durations.js";
import { FloatText, isRecord } from "./json.js";
import { mismatch } from "./mismatch.js";
import { epochMicros, momentJson, momentOf, readMoment } from "./moment.js";
import * as scalars from "./scalars.js";
/** How deep messages may be nested, as in the parsers of protocol buffers. */
const MAX_DEPTH = 100;
/** Single values as messages, so that they can be absent. */
const WRAPPER =
  /^google\.protobuf\.(Bool|Int32|Int64|UInt32|UInt64|Float|Double|String|Bytes)Value$/;
/** The message with these fields by name; what is null is left out. */
export function toMessage(reflect, desc, value) {
  return new Writer(reflect).request(desc, value);
}
class Writer {
  constructor(reflect) {
    this.reflect = reflect;
  }
  /** Also of a message that stands for a value elsewhere: the arguments of a call are its fields. */
  request(desc, value) {
    const message = this.reflect(desc);
    this.fillFields(message, value, MAX_DEPTH);
    return message;
  }
  message(desc, value, room) {
    checkRoom(room);
    const message = this.reflect(desc);
    switch (desc.typeName) {
      case "google.protobuf.Timestamp":
        fillTimestamp(message, value);
        break;
      case "google.protobuf.Duration":
        fillDuration(message, value);
        break;
      case "google.protobuf.Struct":
        this.fillMap(message, fieldNamed(desc, "fields"), value, room);
        break;
      case "google.protobuf.ListValue":
        this.fillList(message, fieldNamed(desc, "values"), value, room);
        break;
      case "google.protobuf.Value":
        this.fillValue(message, value, room);
        break;
      case "google.protobuf.Empty":
        break;
      default:
        if (WRAPPER.test(desc.typeName)) {
          const field = fieldNamed(desc, "value");
          message.set(field, single(field, value));
        } else {
          this.fillFields(message, value, room);
        }
    }
    return message;
  }
  /** Any value: what kind it is stands in the field that is set. */
  fillValue(message, value, room) {
    const { desc } = message;
    const set = (name, given) => {
      message.set(fieldNamed(desc, name), given);
    };
    const nested = (name) => {
      const field = fieldNamed(desc, name);
      set(name, this.message(messageOf(field), value, room - 1));
    };
    if (value === null || value === undefined) {
      set("null_value", 0);
    } else if (typeof value === "boolean") {
      set("bool_value", value);
    } else if (typeof value === "string") {
      set("string_value", value);
    } else if (Array.isArray(value)) {
      nested("list_value");
    } else if (isRecord(value)) {
      nested("struct_value");
    } else {
      set("number_value", scalars.decodeFloat(value));
    }
  }
  fillFields(message, value, room) {
    const { desc } = message;
    const fields = scalars.checkObject(value, "an object");
    const chosen = new Map();
    for (const [name, given] of Object.entries(fields)) {
      const field = fieldNamed(desc, name);
      if (given === null || given === undefined) {
        continue;
      }
      if (field.oneof !== undefined) {
        const other = chosen.get(field.oneof);
        if (other !== undefined) {
          throw new ResultError(
            `the message ${desc.typeName} has ${other} or ${name}, not both`,
          );
        }
        chosen.set(field.oneof, name);
      }
      switch (field.fieldKind) {
        case "map":
          this.fillMap(message, field, given, room);
          break;
        case "list":
          this.fillList(message, field, given, room);
          break;
        default:
          message.set(field, this.item(field, given, room));
      }
    }
  }
  fillMap(message, field, value, room) {
    const entries = message.get(field);
    const given = scalars.checkObject(value, "an object");
    for (const [key, item] of Object.entries(given)) {
      entries.set(key, this.item(field, item, room));
    }
  }
  fillList(message, field, value, room) {
    const items = message.get(field);
    if (!Array.isArray(value)) {
      throw mismatch("a list", value);
    }
    for (const item of value) {
      items.add(this.item(field, item, room));
    }
  }
  item(field, value, room) {
    return field.message === undefined
      ? single(field, value)
      : this.message(field.message, value, room - 1);
  }
}
function checkRoom(room) {
  if (room === 0) {
    throw new ResultError(
      `messages are nested more than ${String(MAX_DEPTH)} deep`,
    );
  }
}
function messageOf(field) {
  if (field.message === undefined) {
    throw new ResultError(`the field ${fullName(field)} has no message`);
  }
  return field.message;
}
function fullName(field) {
  return `${field.parent.typeName}.${field.name}`;
}
/** Seconds and nanoseconds of the message, which has no other fields. */
function setSpan(message, seconds, micros) {
  const { desc } = message;
  message.set(fieldNamed(desc, "seconds"), seconds);
  message.set(fieldNamed(desc, "nanos"), Number(micros) * 1000);
}
function fillTimestamp(message, value) {
  const at = readMoment(scalars.decodeString(value));
  if (at === undefined) {
    throw mismatch("a timestamp as in ISO 8601", value);
  }
  const micros = epochMicros(at);
  const rest = ((micros % 1000000n) + 1000000n) % 1000000n;
  setSpan(message, (micros - rest) / 1000000n, rest);
}
function fillDuration(message, value) {
  const micros = decodeMicros(value);
  setSpan(message, micros / 1000000n, micros % 1000000n);
}
/** What protobuf takes for a field that is no message. */
function single(field, value) {
  if (field.enum !== undefined) {
    const name = scalars.decodeString(value);
    const found = field.enum.values.find((one) => one.name === name);
    if (found === undefined) {
      throw mismatch(`a value of the enum ${field.enum.typeName}`, value);
    }
    return found.number;
  }
  switch (field.scalar) {
    case Scalar.bool:
      return scalars.decodeBool(value);
    case Scalar.double:
      return scalars.decodeFloat(value);
    case Scalar.float:
      return Math.fround(scalars.decodeFloat(value));
    case Scalar.bytes:
      return scalars.decodeBytes(value);
    case Scalar.string:
      return scalars.decodeString(value);
    default:
      return whole(field, scalars.decodeBigInt(value));
  }
}
/** Numbers of descriptor.proto's types. */
const Scalar = { double: 1, float: 2, bool: 8, string: 9, bytes: 12 };
/** The whole numbers among them, by what they hold. */
const INT32 = [5, 15, 17];
const UINT32 = [7, 13];
const UINT64 = [4, 6];
function whole(field, number) {
  const kind = field.scalar ?? 0;
  let [low, high] = [scalars.INT_MIN, scalars.INT_MAX];
  const isShort = INT32.includes(kind) || UINT32.includes(kind);
  if (INT32.includes(kind)) {
    [low, high] = [-(2n ** 31n), 2n ** 31n - 1n];
  } else if (UINT32.includes(kind)) {
    [low, high] = [0n, 2n ** 32n - 1n];
  } else if (UINT64.includes(kind)) {
    low = 0n;
  }
  if (number < low || number > high) {
    throw mismatch(`a number of the field ${fullName(field)}`, number);
  }
  return isShort ? Number(number) : number;
}
/** Every field by name; null is a field that is not set and could be. */
export function fromMessage(message, room = MAX_DEPTH) {
  const { desc } = message;
  const at = (name) => message.get(fieldNamed(desc, name));
  checkRoom(room);
  switch (desc.typeName) {
    case "google.protobuf.Timestamp":
      return momentText(at("seconds"), at("nanos"));
    case "google.protobuf.Duration":
      return spanText(at("seconds"), at("nanos"));
    case "google.protobuf.Struct":
      return mapOf(message, fieldNamed(desc, "fields"), room);
    case "google.protobuf.ListValue":
      return listOf(message, fieldNamed(desc, "values"), room);
    case "google.protobuf.Value":
      return anyOf(message, room);
    case "google.protobuf.Empty":
      return null;
    default:
      if (WRAPPER.test(desc.typeName)) {
        return plain(fieldNamed(desc, "value"), at("value"));
      }
  }
  return Object.fromEntries(
    desc.fields.map((field) => [field.name, fieldOf(message, field, room)]),
  );
}
function fieldOf(message, field, room) {
  switch (field.fieldKind) {
    case "map":
      return mapOf(message, field, room);
    case "list":
      return listOf(message, field, room);
    default: {
      const isNull = field.message !== undefined || !hasDefault(field);
      return !message.isSet(field) && isNull
        ? null
        : itemOf(field, message.get(field), room);
    }
  }
}
function mapOf(message, field, room) {
  const entries = message.get(field);
  return Object.fromEntries(
    Array.from(entries, ([key, item]) => [key, itemOf(field, item, room)]),
  );
}
function listOf(message, field, room) {
  const items = message.get(field);
  return Array.from(items, (item) => itemOf(field, item, room));
}
function itemOf(field, value, room) {
  return field.message === undefined
    ? plain(field, value)
    : fromMessage(value, room - 1);
}
function plain(field, value) {
  if (field.enum !== undefined) {
    const { typeName, values } = field.enum;
    if (typeName === "google.protobuf.NullValue") {
      return null;
    }
    const found = values.find((one) => one.number === value);
    if (found === undefined) {
      throw new ResultError(
        `the field ${fullName(field)} has the number ${String(value)}, which the enum ` +
          `${typeName} did not have when this was built`,
      );
    }
    return found.name;
  }
  if (value instanceof Uint8Array) {
    return scalars.encodeBytes(value);
  }
  if (typeof value === "bigint") {
    return scalars.encodeBigInt(value);
  }
  const isFloat =
    field.scalar === Scalar.double || field.scalar === Scalar.float;
  return isFloat ? scalars.encodeFloat(value) : value;
}
function anyOf(message, room) {
  const field = message.desc.fields.find((field) => message.isSet(field));
  const value = field === undefined ? null : message.get(field);
  switch (field?.name) {
    case undefined:
    case "null_value":
      return null;
    case "struct_value":
    case "list_value":
      return fromMessage(value, room - 1);
    case "number_value":
      return numberOf(value);
    default:
      return value;
  }
}
/** There are no whole numbers in any value: what looks like one is taken for one. */
function numberOf(value) {
  const isWhole = Number.isInteger(value) && Math.abs(value) <= 2 ** 53;
  return isWhole
    ? scalars.encodeBigInt(BigInt(value))
    : scalars.encodeFloat(value);
}
function momentText(seconds, nanos) {
  const micros = BigInt(Math.floor(nanos / 1000));
  const at = momentOf(seconds * 1000000n + micros);
  if (at === undefined) {
    throw mismatch("a timestamp from year 1 to 9999", seconds);
  }
  return momentJson(at);
}
function spanText(seconds, nanos) {
  const micros = BigInt(Math.trunc(nanos / 1000));
  return scalars.encodeDuration(microsText(seconds * 1000000n + micros));
}
/** What the library says of bytes that are no message of the schema. */
export function unread(desc, error) {
  return new ResultError(
    `the reply is no ${desc.typeName} of the schema: ${textOf(error)}`,
  );
}
