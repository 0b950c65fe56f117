/**
 * gRPC by `@grpc/grpc-js`, which the project itself has: one client that all calls share.
 *
 * It deliberately knows no methods and no messages but those of the standard health check.
 */
import { readFileSync } from "node:fs";
import { place } from "./health.js";
import { Resource } from "./resources.js";
/** A `grpc` resource. */
export class Grpc extends Resource {
  constructor(pool, options) {
    super(pool, options);
    this.grpcOptions = options;
  }
  make(address) {
    return opened(this.grpcOptions.library, address, this.grpcOptions.ca);
  }
  unmake(client) {
    client.close();
  }
  /** The message that a method answers with; throws what the library says of a failure. */
  unary(call, signal) {
    return answerOf(this.client(), this.grpcOptions.library, call, signal);
  }
}
function opened(library, address, ca) {
  const { credentials } = library;
  const isTls = ca !== undefined || /^(https|grpcs):\/\//.test(address);
  // Compiled code may stand anywhere: paths begin where the process was started.
  const trusted = ca === undefined ? null : readFileSync(ca);
  const made = isTls
    ? credentials.createSsl(trusted)
    : credentials.createInsecure();
  return new library.Client(target(address), made);
}
/** What the library takes: `host:port`, or one of its own schemes such as `unix:`. */
function target(address) {
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
export function serving(library, ca) {
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
const CHECK = {
  path: "/grpc.health.v1.Health/Check",
  bytes: Buffer.alloc(0),
  headers: {},
};
function answerOf(client, library, { path, bytes, headers, left }, signal) {
  const same = (bytes) => bytes;
  const metadata = new library.Metadata();
  for (const [name, value] of Object.entries(headers)) {
    metadata.set(name, value);
  }
  const deadline = left === undefined ? {} : { deadline: after(left) };
  return new Promise((resolve, reject) => {
    const answered = (error, answer) => {
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
function after(milliseconds) {
  return new Date(Date.now() + milliseconds);
}
