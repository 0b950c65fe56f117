/**
 * The Plans of the build, told to a sidecar that does not have them: it draws runs by them.
 *
 * It deliberately reads nothing of them.
 */
export class Definition {
  constructor(send) {
    this.isTold = false;
    this.messageBytes = 0;
    this.send = send;
  }
  /** Another connection: what was told over the one before may not have arrived. */
  attach(answer, plans) {
    const limits = answer["limits"];
    this.messageBytes = Number(limits["message_bytes"]);
    this.isTold = false;
    if (answer["wanted"] !== undefined) {
      this.tell(plans);
    }
  }
  /** Tells them once over each connection. */
  tell(plans) {
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
