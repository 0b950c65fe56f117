/**
 * Lines over a socket: writes are gathered per turn, lines are cut out of what arrives.
 *
 * It deliberately knows no messages, only where a line ends.
 */
/** A connection was lost that somebody still needs. */
export declare class ConnectionLost extends Error {}
/** One connection to the sidecar. */
export declare class Connection {
  private readonly socket;
  private readonly received;
  private outgoing;
  /** The beginning of a line of which the end has not arrived. */
  private partial;
  private isClosed;
  private isKeeping;
  /** Whether what is sent now is given to the system when the turn is over. */
  private isDue;
  private readonly closing;
  private constructor();
  /** Connects; throws where nobody listens at `place`. `lost` is called once, when it is over. */
  static open(
    place: string,
    received: (line: string) => void,
    lost: (connection: Connection) => void,
  ): Promise<Connection>;
  /** Sends a line, together with all others of this turn. */
  send(line: string): void;
  /** Gives everything to the system now. */
  flush(): void;
  private arrived;
  private ended;
  /** Keeps the process alive, or lets it end while this is open. */
  keepsAlive(does: boolean): void;
  /** Sends what is left, then closes; returns when it is closed, or after so many milliseconds. */
  close(milliseconds: number): Promise<void>;
}
