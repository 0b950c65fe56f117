/**
 * A run's past: its committed records folded into what each step has come to.
 *
 * It deliberately decides nothing; steps read it and go on from there.
 */
import type { ErrorForm } from "./errors.js";
import type { Json, JsonObject } from "./json.js";
export type Outcome =
  "succeeded" | "failed" | "tolerated" | "skipped" | "cancelled";
/** What one step has come to. */
export declare class Past {
  /** What it calls: a task, a workflow, a signal. */
  task: string | undefined;
  /** Number of the last attempt that was started. */
  attempt: number;
  /** Attempts that failed and were to be followed by another. */
  failures: number;
  /** It was started, be it by this process. */
  hasBegun: boolean;
  /** The last attempt has no outcome: a crash cut it off. */
  isOpen: boolean;
  /** A write that may have happened although no attempt says so. */
  isUnknown: boolean;
  retryAt: number | undefined;
  /** How long the wait until `retryAt` was to be, whatever the clock says now. */
  delayMs: number;
  /** The error after which no attempt follows, but the fallback. */
  exhausted: ErrorForm | undefined;
  deadlineAt: number | undefined;
  outcome: Outcome | undefined;
  output: Json;
  error: ErrorForm | undefined;
  /** In which it began; nothing where this process begins it. */
  generation: number | undefined;
  /** What is left of it where a person lets the step begin anew. */
  begunAnew(): Past;
}
/** A step that has ended, and may have to be undone if the run fails. */
export interface Undo {
  readonly key: string;
  /** The compensation's arguments; nothing where there is none, and for a sub-workflow, which is undone as a whole. */
  readonly args: Json | undefined;
}
export type Entry = Record<string, EntryFields>;
/** The fields of entries, as far as they are read here. */
export interface EntryFields {
  readonly key?: string;
  readonly task?: string;
  readonly attempt?: number;
  readonly at?: number;
  readonly deadline_at?: number;
  readonly retry_at?: number;
  readonly error?: ErrorForm;
  readonly output?: Json;
  readonly tolerated?: boolean;
  readonly unknown?: boolean;
  readonly signal?: string;
  readonly undo?: Json;
  readonly value?: Json;
  readonly input?: JsonObject;
  readonly reason?: string;
  readonly generation?: number;
  readonly forget?: readonly string[];
  readonly reopen?: readonly string[];
  readonly traceparent?: string;
}
/** What a run has come to. */
export declare class History {
  input: JsonObject;
  /** The caller's `traceparent`. */
  trace: string | undefined;
  readonly steps: Map<string, Past>;
  readonly chosen: Map<string, Json>;
  /** Ids of the signals that were taken. */
  readonly signals: Set<string>;
  /** Steps that have ended, in the order in which the journal has them. */
  readonly undo: Undo[];
  /** Counts how often a person let the run go on from a step before. */
  generation: number;
  restartedAt: number | undefined;
  /** Kept while the records are read. */
  private counted;
  /** What workflows without a journal did that were steps, by their keys: this process alone knows how it is undone. */
  readonly inside: Map<string, readonly (() => Promise<void>)[]>;
  constructor(input?: JsonObject, trace?: string);
  /** A step's idempotency key, which is the run's id of one that is a workflow: that of the generation in which it began. */
  keyOf(run: string, key: string): string;
  /** Of one step. */
  past(key: string): Past;
  /** Whether the step has succeeded. */
  isDone(key: string): boolean;
  /** Folds the entries of one record. */
  add(entries: readonly Entry[]): void;
  /** Notes what may have to be undone once a step has ended. */
  ended(key: string, undo: Json | undefined, hasSucceeded: boolean): void;
  /** All of the records have been added. */
  isRead(): void;
  private fold;
  /** What is forgotten counts as if it had never been recorded; what is reopened has only begun. */
  private restart;
  private count;
  private foldStep;
}
