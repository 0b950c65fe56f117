/**
 * A run that this process owns, from its history to its recorded end.
 *
 * It deliberately knows no callers: whoever waits is told how it ended.
 */
import { RunPaused, WorkflowCancelled, type WorkflowError } from "./errors.js";
import { History } from "./history.js";
import { Journal } from "./journal.js";
import { type Json, type JsonObject } from "./json.js";
import { type RunParts } from "./run.js";
import { Scope } from "./scope.js";
import { type Page } from "./messages.js";
import type { Session } from "./session.js";
import { Work } from "./work.js";
import type { Workflow } from "./workflow.js";
/** How a run ended, as far as this process is concerned. */
export interface Outcome {
  readonly state: "succeeded" | "failed" | "cancelled" | "paused" | "gone";
  readonly output?: Json;
  readonly error?: WorkflowError;
}
/** What the sidecar says of a run that this process owns from now on. */
export interface Owned {
  readonly epoch: number;
  readonly next_seq: number;
  readonly started_at: number;
  readonly cancelling: boolean;
  /** The caller's, where the run is new. */
  readonly traceparent?: string;
  /** What was asked for. */
  readonly start?: object;
}
export type Children = Pick<RunParts, "callChild" | "detachChild">;
export declare class Execution {
  readonly workflow: Workflow;
  readonly run: string;
  readonly journal: Journal;
  readonly work: Work<Outcome>;
  /** Whether it goes on when nobody waits for it. */
  isKept: boolean;
  private waiters;
  private readonly session;
  private readonly owned;
  private readonly inputs;
  private readonly children;
  /** Cancelled when the work in this process ends. */
  private readonly process;
  private readonly scope;
  private reason;
  private isOver;
  private giveBackTurn;
  private showSecrets;
  constructor(
    session: Session,
    workflow: Workflow,
    run: string,
    owned: Owned,
    inputs: JsonObject | undefined,
    children: Children,
    firstPage?: Page,
  );
  private forget;
  private cancel;
  /** Stops executing here; the run goes on elsewhere. */
  detach(): void;
  /** The outcome. When the last waiter is cancelled the run is given back. */
  wait(scope: Scope): Promise<Outcome>;
  private drive;
  private parts;
  /** That of a run that begins here. */
  private newHistory;
  /** What the run comes to: where it failed or was cancelled, everything that it did is undone first. */
  private perform;
  private undone;
  /** The deadline counts from the start of the run, or of its last generation, wherever that was; the wait for its turn is part of it. */
  private withinDeadline;
  /** Waits until the workflow's `concurrency` lets the run in. */
  private turn;
  private succeeded;
  private failure;
  private cancelled;
  private paused;
  /** Somebody else has the run, unless the sidecar refused what was recorded: that would happen again. */
  private gone;
  private refused;
  /** Nobody is shown an end before it is on the disk. */
  private end;
}
/** Everything that is committed of a run, of which the first page may be here already. */
export declare function readHistory(
  session: Session,
  run: string,
  firstPage?: Page,
): Promise<History>;
/** The runs that are executed for `session`, by id. */
export declare function executionsOf(session: Session): Map<string, Execution>;
export declare function cancelledError(
  workflow: Workflow,
  run: string,
  reason: string,
): WorkflowCancelled;
export declare function pausedError(
  workflow: Workflow,
  run: string,
  reason: string,
): RunPaused;
