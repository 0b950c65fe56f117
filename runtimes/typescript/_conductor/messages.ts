/**
 * What a session and the sidecar say to each other, as far as others have to know.
 *
 * It deliberately sends nothing.
 */

import { statSync } from "node:fs";

import type { Entry } from "./history.js";
import type { JsonObject } from "./json.js";
import { logger } from "./log.js";

/** The sidecar answered a request with an error. */
export class Refused extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = "Refused";
    this.code = code;
  }
}

/** A run that the sidecar hands to this session. */
export interface Dispatch {
  readonly run: string;
  readonly workflow: string;
  readonly epoch: number;
  readonly next_seq: number;
  readonly started_at: number;
  readonly cancelling: boolean;
  /** The first page of its records, where the sidecar had them at hand. */
  readonly history?: Page;
}

/** Committed records of a run, in their order. */
export interface Page {
  readonly records: readonly {
    readonly seq: number;
    readonly entries: readonly Entry[];
  }[];
  readonly more: boolean;
}

/** A function that this process serves for others. */
export interface TaskRef {
  readonly function: string;
  readonly signature: string;
}

/** A workflow that this process serves. */
export interface PlanRef {
  readonly workflow: string;
  readonly digest: string;
  readonly schedule?: {
    readonly cron: string;
    readonly time_zone: string;
    readonly missed: string;
  };
  /** Names of its secret inputs. */
  readonly secret?: readonly string[];
}

export interface SessionOptions {
  /** How many handed-out runs it takes at a time. */
  readonly serve?: number;
  readonly plans?: readonly PlanRef[];
  /** The Plans of the build, as JSON. */
  readonly definition?: string | undefined;
  readonly tasks?: readonly TaskRef[];
  readonly dispatched?: (dispatch: Dispatch) => void;
  /** Calls a function that this process serves. */
  readonly invoked?: (params: JsonObject) => Promise<JsonObject>;
  readonly invocationCancelled?: (call: number) => void;
}

/** A permit of the host that is held or waited for. */
export interface Claim {
  readonly permit: number;
  readonly resource: string;
  readonly limit?: number;
  held: boolean;
}

/** What was asked and is not answered yet. */
export interface Request {
  readonly method: string;
  readonly line: string;
  readonly resolve: (result: JsonObject) => void;
  readonly reject: (error: Error) => void;
  sent: number;
}

export type Incoming = {
  id?: number | string | null;
  method?: string;
  params?: JsonObject;
  result?: JsonObject;
  error?: { code: number; message: string };
};

/** Every record up to `seq` is on the disk. */
export interface Acknowledgement {
  readonly run: string;
  readonly seq: number;
}

const BEFORE_RUN = '{"jsonrpc":"2.0","method":"run.ack","params":{"run":"';
const BEFORE_SEQ = '","seq":';
const DIGITS = 15;

/** What a `run.ack` says, read as the sidecar writes it; nothing of any other line, which a parser must read. */
export function acknowledgement(line: string): Acknowledgement | undefined {
  if (!line.startsWith(BEFORE_RUN)) {
    return undefined;
  }
  const end = line.indexOf('"', BEFORE_RUN.length);
  const run = line.slice(BEFORE_RUN.length, end);
  const digits = line.slice(end + BEFORE_SEQ.length, -2);
  const seq = Number(digits);
  const isWhole =
    line.startsWith(BEFORE_SEQ, end) &&
    line.endsWith("}}") &&
    digits.length > 0 &&
    digits.length <= DIGITS &&
    Number.isInteger(seq);
  return isWhole && !run.includes("\\") ? { run, seq } : undefined;
}

/** Why the socket at `path` cannot be reached. */
export function reasonOf(error: unknown, path: string): string {
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (code === "ENOENT") {
    return "no such file or directory";
  }
  if (code === "ECONNREFUSED" && statSync(path, { throwIfNoEntry: false })) {
    return "nobody listens there";
  }
  return error instanceof Error ? error.message : String(error);
}

/** An error that belongs to no request: it refuses what is asked for, where that is, or is told of. */
export function misunderstood(
  { error }: Incoming,
  asked: { reject: (error: Error) => void } | undefined,
): void {
  const { code, message } = error ?? { code: 0, message: "" };
  if (asked === undefined) {
    logger().error(`the sidecar did not understand: ${message}`);
  } else {
    asked.reject(new Refused(code, message));
  }
}
