/**
 * The messages of one gRPC server, by its descriptors, which are read when the first message is asked for.
 *
 * It deliberately knows of the project's `@bufbuild/protobuf` only what is used here.
 */
import { ResultError } from "./errors.js";
export class Schema {
  /** `descriptors` is a `FileDescriptorSet` in base64. */
  constructor(library, descriptors) {
    this.registry = undefined;
    this.library = library;
    this.descriptors = descriptors;
  }
  /** A message by its full name. */
  message(name) {
    this.registry ??= this.read();
    const found = this.registry.getMessage(name);
    if (found === undefined) {
      throw new ResultError(`the schema has no message ${name}`);
    }
    return found;
  }
  read() {
    const { protobuf, wkt } = this.library;
    const bytes = Buffer.from(this.descriptors, "base64");
    const set = protobuf.fromBinary(wkt.FileDescriptorSetSchema, bytes);
    const files = set;
    files.file = inOrder(files.file);
    return protobuf.createFileRegistry(files);
  }
}
/** Each file after those that it imports. */
function inOrder(files) {
  const waiting = new Map(files.map((file) => [file.name, file]));
  const order = [];
  const pending = files.map((file) => file.name).reverse();
  for (let name = pending.at(-1); name !== undefined; name = pending.at(-1)) {
    const file = waiting.get(name);
    const before = (file?.dependency ?? []).filter((one) => waiting.has(one));
    if (file === undefined || before.includes(name)) {
      pending.pop();
    } else if (before.length > 0) {
      pending.push(...before);
    } else {
      order.push(file);
      waiting.delete(name);
      pending.pop();
    }
  }
  return order;
}
const named = new WeakMap();
/** A field as the schema names it. */
export function fieldNamed(desc, name) {
  let fields = named.get(desc);
  if (fields === undefined) {
    fields = new Map(desc.fields.map((field) => [field.name, field]));
    named.set(desc, fields);
  }
  const found = fields.get(name);
  if (found === undefined) {
    throw new ResultError(`the message ${desc.typeName} has no field ${name}`);
  }
  return found;
}
const IMPLICIT = 2;
/** Whether there is a value where none is set: of proto3 the zero, of proto2 what the schema says. */
export function hasDefault(field) {
  return field.presence === IMPLICIT || field.getDefaultValue?.() !== undefined;
}
