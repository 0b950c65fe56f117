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
}
function opened(library, address, ca) {
  const { credentials } = library;
  const isTls = /^(https|grpcs):\/\//.test(address);
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
      const answer = await check(client, signal);
      if (!answer.equals(SERVING)) {
        throw new Error("its health check does not answer SERVING");
      }
    } finally {
      client.close();
    }
  };
}
function check(client, signal) {
  const same = (bytes) => bytes;
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
