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
    callback: Answered,
  ): {
    cancel(): void;
  };
}
/** What of the package is used. */
export interface GrpcLibrary<C> {
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
/** A `grpc` resource. */
export declare class Grpc<C extends GrpcClient> extends Resource<C> {
  private readonly grpcOptions;
  constructor(pool: Pool, options: GrpcOptions<C>);
  protected make(address: string): C;
  protected unmake(client: C): void;
}
/** `grpc.health.v1.Health/Check` answers `SERVING`. */
export declare function serving(
  library: GrpcLibrary<GrpcClient>,
  ca?: string,
): Check;
export {};
