/**
 * gRPC by `@grpc/grpc-js`, which the project itself has: one client that all calls share.
 *
 * It deliberately knows no methods and no messages but those of the standard health check.
 */

import { readFileSync } from "node:fs";

import { place, type Check } from "./health.js";
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
  ): { cancel(): void };
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
export class Grpc<C extends GrpcClient> extends Resource<C> {
  private readonly grpcOptions: GrpcOptions<C>;

  constructor(pool: Pool, options: GrpcOptions<C>) {
    super(pool, options);
    this.grpcOptions = options;
  }

  protected override make(address: string): C {
    return opened(this.grpcOptions.library, address, this.grpcOptions.ca);
  }

  protected override unmake(client: C): void {
    client.close();
  }
}

function opened<C>(
  library: GrpcLibrary<C>,
  address: string,
  ca: string | undefined,
): C {
  const { credentials } = library;
  const isTls = /^(https|grpcs):\/\//.test(address);
  // Compiled code may stand anywhere: paths begin where the process was started.
  const trusted = ca === undefined ? null : readFileSync(ca);
  const made = isTls
    ? credentials.createSsl(trusted)
    : credentials.createInsecure();
  return new library.Client(target(address), made as never);
}

/** What the library takes: `host:port`, or one of its own schemes such as `unix:`. */
function target(address: string): string {
  if (!/^(https?|grpcs?):\/\//.test(address)) {
    return address;
  }
  const { host, port } = place(address);
  return host.includes(":")
    ? `[${host}]:${String(port)}`
    : `${host}:${String(port)}`;
}

/** `grpc.health.v1.HealthCheckResponse` with `status: SERVING`, as protobuf writes it. */
const SERVING = Buffer.from([8, 1]);

/** `grpc.health.v1.Health/Check` answers `SERVING`. */
export function serving(library: GrpcLibrary<GrpcClient>, ca?: string): Check {
  return async (address, signal) => {
    const client = opened(library, address, ca);
    try {
      const answer = await check(client, signal);
      if (!answer.equals(SERVING)) {
        throw new Error("its health check does not answer SERVING");
      }
    } finally {
      client.close();
    }
  };
}

function check(client: GrpcClient, signal: AbortSignal): Promise<Buffer> {
  const same = (bytes: Buffer) => bytes;
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      "/grpc.health.v1.Health/Check",
      same,
      same,
      Buffer.alloc(0),
      (error, answer) => {
        if (error === null && answer !== undefined) {
          resolve(answer);
        } else {
          reject(error ?? new Error("its health check answers nothing"));
        }
      },
    );
    signal.addEventListener("abort", () => {
      call.cancel();
    });
  });
}
