/**
 * A session with the sidecar: requests and answers, the lease, and a connection that comes back.
 *
 * It deliberately knows neither steps nor workflows; it keeps the journals of the runs that it owns.
 */
import { Ahead } from "./ahead.js";
import { Definition } from "./definition.js";
import { Hurry } from "./hurry.js";
import { Journal } from "./journal.js";
import { type JsonObject } from "./json.js";
import { Lease } from "./lease.js";
import { Leases } from "./leases.js";
import { type SessionOptions } from "./messages.js";
/** What one thread and the sidecar have to say to each other. */
export declare class Session {
  readonly id: string;
  valueBytes: number;
  readonly owned: Map<string, Journal>;
  readonly permits: Leases;
  readonly lease: Lease;
  readonly definition: Definition;
  readonly ahead: Ahead;
  readonly hurry: Hurry;
  private messageBytes;
  readonly options: SessionOptions;
  private connection;
  private greeted;
  private isClosing;
  private opening;
  private reconnecting;
  private readonly requests;
  private helloId;
  /** The sidecar is one that an application has started: where it is gone, another one is. */
  private isBackground;
  private timer;
  constructor(options?: SessionOptions);
  get isConnected(): boolean;
  /** Connects where it is not. Says why that is not possible. */
  open(): Promise<string | undefined>;
  private openFirst;
  private connect;
  private hello;
  private welcome;
  /** Renews the lease where nothing else has of late. */
  private tick;
  /** An idle session does not keep the process alive. */
  private breathe;
  /** Whether somebody waits for it. */
  private get isBusy();
  /** Takes a journal of a run that it owns from now on. Where it had the run before, others had it in between. */
  own(journal: Journal): void;
  /** The run of this journal has ended, or is no longer this session's. */
  disown(journal: Journal): void;
  /** Asks; the answer may take until the sidecar is back. */
  request(method: string, params: object): Promise<JsonObject>;
  private ask;
  private sendRequest;
  /** Tells; nothing is answered. */
  notify(method: string, params: object): void;
  /** Sends now, or not at all. */
  send(line: string, overtakes?: boolean): boolean;
  private received;
  /** A request of the sidecar: a call of a function that is served here. */
  private asked;
  private notified;
  private journalOf;
  private acknowledged;
  private told;
  private giveUp;
  private lost;
  private reconnect;
  /** Hangs up, after what is to be sent. */
  close(): Promise<void>;
  /** Gives an unfinished run back. */
  release(journal: Journal): void;
}
