/**
 * Signals of runs that keep no journal: what such a run sends itself, and what it sends to durable runs.
 *
 * It deliberately keeps nothing longer than the run.
 */
import type { Json } from "./json.js";
import type { LocalRun } from "./local.js";
import { Mailbox } from "./mailbox.js";
import type { EmitOptions, WaitOptions } from "./waits.js";
/** The signals of one run. */
export declare class LocalMail {
  readonly box: Mailbox;
  private ordinal;
  deliver(signal: string, id: string, data: Json): void;
}
export declare function waitLocally(
  run: LocalRun,
  mail: LocalMail,
  id: string,
  options: WaitOptions,
): Promise<Json>;
export declare function emitLocally(
  run: LocalRun,
  mail: LocalMail,
  id: string,
  options: EmitOptions,
): Promise<void>;
