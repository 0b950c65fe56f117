/**
 * The Plans of the build, told to a sidecar that does not have them: it draws runs by them.
 *
 * It deliberately reads nothing of them.
 */
import type { JsonObject } from "./json.js";
export declare class Definition {
  private readonly send;
  private isTold;
  private messageBytes;
  constructor(send: (line: string) => void);
  /** Another connection: what was told over the one before may not have arrived. */
  attach(answer: JsonObject, plans: string | undefined): void;
  /** Tells them once over each connection. */
  tell(plans: string | undefined): void;
}
