/**
 * The messages of one gRPC server, by its descriptors, which are read when the first message is asked for.
 *
 * It deliberately knows of the project's `@bufbuild/protobuf` only what is used here.
 */
export interface EnumDesc {
  readonly typeName: string;
  readonly values: readonly {
    readonly name: string;
    readonly number: number;
  }[];
}
export interface FieldDesc {
  readonly name: string;
  readonly parent: {
    readonly typeName: string;
  };
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
  readonly wkt: {
    readonly FileDescriptorSetSchema: MessageDesc;
  };
}
export declare class Schema {
  readonly library: ProtobufLibrary;
  private readonly descriptors;
  private registry;
  /** `descriptors` is a `FileDescriptorSet` in base64. */
  constructor(library: ProtobufLibrary, descriptors: string);
  /** A message by its full name. */
  message(name: string): MessageDesc;
  private read;
}
/** A field as the schema names it. */
export declare function fieldNamed(desc: MessageDesc, name: string): FieldDesc;
/** Whether there is a value where none is set: of proto3 the zero, of proto2 what the schema says. */
export declare function hasDefault(field: FieldDesc): boolean;
