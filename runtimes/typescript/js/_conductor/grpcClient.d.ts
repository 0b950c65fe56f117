/**
 * gRPC by `@grpc/grpc-js`, which the project itself has: one client that all calls share.
 *
 * It deliberately knows no methods and no messages but those of the standard health check.
 */
import { type Check } from "./health.js";
import type { Pool } from "./permits.js";
import { Resource, type ResourceOptions } from "./resources.js";
type Answered = (error: Error | null, answer?: Buffer) => void;
/** What of a `grpc.Client` is used. */
export interface GrpcClient {
  close(): void;
  makeUnaryRequest(
    path: string,
    serialize: (value: Buffer) => Buffer,
    deserialize: (bytes: Buffer) => Buffer,
    argument: Buffer,
    metadata: object,
    options: {
      deadline?: Date;
    },
    callback: Answered,
  ): {
    cancel(): void;
  };
}
/** What of the package is used. */
export interface GrpcLibrary<C> {
  readonly Metadata: new () => {
    set(name: string, value: string): void;
  };
  readonly Client: new (address: string, credentials: never) => C;
  readonly credentials: {
    createInsecure(): unknown;
    createSsl(ca?: Buffer | null): unknown;
  };
}
export interface GrpcOptions<C> extends ResourceOptions {
  readonly library: GrpcLibrary<C>;
  /** The file of the certificates that the server's own is signed by. */
  readonly ca?: string | undefined;
}
/** A message that is sent to a method. */
export interface UnaryCall {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds until the call's deadline. */
  readonly left?: number | undefined;
}
/** A `grpc` resource. */
export declare class Grpc<C extends GrpcClient> extends Resource<C> {
  private readonly grpcOptions;
  constructor(pool: Pool, options: GrpcOptions<C>);
  protected make(address: string): C;
  protected unmake(client: C): void;
  /** The message that a method answers with; throws what the library says of a failure. */
  unary(call: UnaryCall, signal?: AbortSignal): Promise<Buffer>;
}
/** `grpc.health.v1.Health/Check` answers `SERVING`. */
export declare function serving(
  library: GrpcLibrary<GrpcClient>,
  ca?: string,
): Check;
export {};
