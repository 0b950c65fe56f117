/**
 * The messages of one gRPC server, by its descriptors, which are read when the first message is asked for.
 *
 * It deliberately knows of the project's `@bufbuild/protobuf` only what is used here.
 */

import { ResultError } from "./errors.js";

export interface EnumDesc {
  readonly typeName: string;
  readonly values: readonly {
    readonly name: string;
    readonly number: number;
  }[];
}

export interface FieldDesc {
  readonly name: string;
  readonly parent: { readonly typeName: string };
  readonly fieldKind: string;
  /** `FeatureSet.FieldPresence` of descriptor.proto. */
  readonly presence: number;
  readonly scalar: number | undefined;
  readonly enum: EnumDesc | undefined;
  readonly message: MessageDesc | undefined;
  /** Of which it is a member; absent where a field is only optional. */
  readonly oneof?: object | undefined;
  getDefaultValue?(): unknown;
}

export interface MessageDesc {
  readonly typeName: string;
  readonly fields: readonly FieldDesc[];
}

/** A message of which fields are read and set by their descriptors. */
export interface Reflected {
  readonly desc: MessageDesc;
  readonly message: object;
  isSet(field: FieldDesc): boolean;
  get(field: FieldDesc): unknown;
  set(field: FieldDesc, value: unknown): void;
}

interface File {
  readonly name: string;
  readonly dependency: string[];
}

/** `@bufbuild/protobuf`, its `reflect` and its `wkt`. */
export interface ProtobufLibrary {
  readonly protobuf: {
    fromBinary(desc: MessageDesc, bytes: Uint8Array): object;
    toBinary(desc: MessageDesc, message: object): Uint8Array;
    createFileRegistry(files: object): {
      getMessage(name: string): MessageDesc | undefined;
    };
  };
  readonly reflection: {
    reflect(this: void, desc: MessageDesc, message?: object): Reflected;
  };
  readonly wkt: { readonly FileDescriptorSetSchema: MessageDesc };
}

type Registry = ReturnType<ProtobufLibrary["protobuf"]["createFileRegistry"]>;

export class Schema {
  readonly library: ProtobufLibrary;
  private readonly descriptors: string;
  private registry: Registry | undefined = undefined;

  /** `descriptors` is a `FileDescriptorSet` in base64. */
  constructor(library: ProtobufLibrary, descriptors: string) {
    this.library = library;
    this.descriptors = descriptors;
  }

  /** A message by its full name. */
  message(name: string): MessageDesc {
    this.registry ??= this.read();
    const found = this.registry.getMessage(name);
    if (found === undefined) {
      throw new ResultError(`the schema has no message ${name}`);
    }
    return found;
  }

  private read(): Registry {
    const { protobuf, wkt } = this.library;
    const bytes = Buffer.from(this.descriptors, "base64");
    const set = protobuf.fromBinary(wkt.FileDescriptorSetSchema, bytes);
    const files = set as { file: File[] };
    files.file = inOrder(files.file);
    return protobuf.createFileRegistry(files);
  }
}

/** Each file after those that it imports. */
function inOrder(files: readonly File[]): File[] {
  const waiting = new Map(files.map((file) => [file.name, file]));
  const order: File[] = [];
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

const named = new WeakMap<MessageDesc, Map<string, FieldDesc>>();

/** A field as the schema names it. */
export function fieldNamed(desc: MessageDesc, name: string): FieldDesc {
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
export function hasDefault(field: FieldDesc): boolean {
  return field.presence === IMPLICIT || field.getDefaultValue?.() !== undefined;
}
