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
    metadata: object,
    options: { deadline?: Date },
    callback: Answered,
  ): { cancel(): void };
}

/** What of the package is used. */
export interface GrpcLibrary<C> {
  readonly Metadata: new () => { set(name: string, value: string): void };
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

  /** The message that a method answers with; throws what the library says of a failure. */
  unary(call: UnaryCall, signal?: AbortSignal): Promise<Buffer> {
    return answerOf(this.client(), this.grpcOptions.library, call, signal);
  }
}

function opened<C>(
  library: GrpcLibrary<C>,
  address: string,
  ca: string | undefined,
): C {
  const { credentials } = library;
  const isTls = ca !== undefined || /^(https|grpcs):\/\//.test(address);
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
      const answer = await answerOf(client, library, CHECK, signal);
      if (!answer.equals(SERVING)) {
        throw new Error("its health check does not answer SERVING");
      }
    } finally {
      client.close();
    }
  };
}

const CHECK: UnaryCall = {
  path: "/grpc.health.v1.Health/Check",
  bytes: Buffer.alloc(0),
  headers: {},
};

function answerOf(
  client: GrpcClient,
  library: GrpcLibrary<GrpcClient>,
  { path, bytes, headers, left }: UnaryCall,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const same = (bytes: Buffer) => bytes;
  const metadata = new library.Metadata();
  for (const [name, value] of Object.entries(headers)) {
    metadata.set(name, value);
  }
  const deadline = left === undefined ? {} : { deadline: after(left) };
  return new Promise((resolve, reject) => {
    const answered: Answered = (error, answer) => {
      signal?.removeEventListener("abort", cancel);
      if (error === null && answer !== undefined) {
        resolve(answer);
      } else {
        reject(error ?? new Error("the server answers nothing"));
      }
    };
    const call = client.makeUnaryRequest(
      path,
      same,
      same,
      bytes,
      metadata,
      deadline,
      answered,
    );
    const cancel = () => {
      call.cancel();
    };
    signal?.addEventListener("abort", cancel);
  });
}

function after(milliseconds: number): Date {
  return new Date(Date.now() + milliseconds);
}
