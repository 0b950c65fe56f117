/**
 * The Plans of the build, told to a sidecar that does not have them: it draws runs by them.
 *
 * It deliberately reads nothing of them.
 */

import type { JsonObject } from "./json.js";

export class Definition {
  private readonly send: (line: string) => void;
  private isTold = false;
  private messageBytes = 0;

  constructor(send: (line: string) => void) {
    this.send = send;
  }

  /** Another connection: what was told over the one before may not have arrived. */
  attach(answer: JsonObject, plans: string | undefined): void {
    const limits = answer["limits"] as JsonObject;
    this.messageBytes = Number(limits["message_bytes"]);
    this.isTold = false;
    if (answer["wanted"] !== undefined) {
      this.tell(plans);
    }
  }

  /** Tells them once over each connection. */
  tell(plans: string | undefined): void {
    if (this.isTold || plans === undefined) {
      return;
    }
    this.isTold = true;
    const line = `{"jsonrpc":"2.0","method":"plan.define","params":${plans}}\n`;
    if (Buffer.byteLength(line) <= this.messageBytes) {
      this.send(line);
    }
  }
}
