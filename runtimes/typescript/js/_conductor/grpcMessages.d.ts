/**
 * Protocol buffers as the JSON of docs/types.md, and back, by the descriptors of a schema.
 *
 * It deliberately imports no library: `@bufbuild/protobuf` is the project's own, and is handed in.
 */
import { ResultError } from "./errors.js";
import {
  type MessageDesc,
  type ProtobufLibrary,
  type Reflected,
} from "./grpcSchema.js";
import { type Json } from "./json.js";
type Reflect = ProtobufLibrary["reflection"]["reflect"];
/** The message with these fields by name; what is null is left out. */
export declare function toMessage(
  reflect: Reflect,
  desc: MessageDesc,
  value: unknown,
): Reflected;
/** Every field by name; null is a field that is not set and could be. */
export declare function fromMessage(message: Reflected, room?: number): Json;
/** What the library says of bytes that are no message of the schema. */
export declare function unread(desc: MessageDesc, error: unknown): ResultError;
export {};
