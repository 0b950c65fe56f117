/**
 * Unary calls of gRPC: a request from JSON, the reply as JSON, a failure as `GrpcError`.
 *
 * It deliberately opens no connections and decides on no retry.
 */
import type { Grpc, GrpcClient } from "./grpcClient.js";
import type { Schema } from "./grpcSchema.js";
import type { Json } from "./json.js";
export interface Method {
  readonly schema: Schema;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Full names of its messages. */
  readonly request: string;
  readonly response: string;
}
/** Calls a method. The nearest time limit is the call's deadline, and a cancellation cancels it. */
export declare function unary(
  server: Grpc<GrpcClient>,
  method: Method,
  fields: Readonly<Record<string, unknown>>,
  key: string,
  signal?: AbortSignal,
  left?: number,
): Promise<Json>;
