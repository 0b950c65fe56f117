/**
 * Lines over a socket: writes are gathered per turn, lines are cut out of what arrives.
 *
 * It deliberately knows no messages, only where a line ends.
 */

import type { Socket } from "node:net";

import { dial } from "./endpoint.js";

/** A connection was lost that somebody still needs. */
export class ConnectionLost extends Error {}

/** One connection to the sidecar. */
export class Connection {
  private readonly socket: Socket;
  private readonly received: (line: string) => void;
  private outgoing: string[] = [];
  /** The beginning of a line of which the end has not arrived. */
  private partial = "";
  private isClosed = false;
  private isKeeping = true;
  /** Whether what is sent now is given to the system when the turn is over. */
  private isDue = false;
  private readonly closing: (() => void)[] = [];

  private constructor(socket: Socket, received: (line: string) => void) {
    this.socket = socket;
    this.received = received;
  }

  /** Connects; throws where nobody listens at `place`. `lost` is called once, when it is over. */
  static async open(
    place: string,
    received: (line: string) => void,
    lost: (connection: Connection) => void,
  ): Promise<Connection> {
    const socket = await dial(place);
    const connection = new Connection(socket, received);
    // Cuts no character in two.
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      connection.arrived(text);
    });
    socket.once("close", () => {
      connection.ended();
      lost(connection);
    });
    return connection;
  }

  /** Sends a line, together with all others of this turn. */
  send(line: string): void {
    if (!this.isDue) {
      this.isDue = true;
      process.nextTick(() => {
        this.isDue = false;
        this.flush();
      });
    }
    this.outgoing.push(line);
  }

  /** Gives everything to the system now. */
  flush(): void {
    const lines = this.outgoing;
    this.outgoing = [];
    if (lines.length > 0 && !this.isClosed) {
      this.socket.write(lines.length === 1 ? (lines[0] ?? "") : lines.join(""));
    }
  }

  private arrived(text: string): void {
    let start = 0;
    for (;;) {
      const end = text.indexOf("\n", start);
      if (end < 0) {
        break;
      }
      const line = this.partial + text.slice(start, end);
      this.partial = "";
      start = end + 1;
      this.received(line);
    }
    this.partial += text.slice(start);
  }

  private ended(): void {
    this.isClosed = true;
    this.outgoing = [];
    for (const tell of this.closing.splice(0)) {
      tell();
    }
  }

  /** Keeps the process alive, or lets it end while this is open. */
  keepsAlive(does: boolean): void {
    if (does === this.isKeeping) {
      return;
    }
    this.isKeeping = does;
    if (does) {
      this.socket.ref();
    } else {
      this.socket.unref();
    }
  }

  /** Sends what is left, then closes; returns when it is closed, or after so many milliseconds. */
  close(milliseconds: number): Promise<void> {
    if (this.isClosed) {
      return Promise.resolve();
    }
    this.flush();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.socket.destroy();
      }, milliseconds);
      this.closing.push(() => {
        clearTimeout(timer);
        resolve();
      });
      this.socket.end();
    });
  }
}
