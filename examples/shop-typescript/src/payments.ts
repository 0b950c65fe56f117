/** Takes money, at most once for an idempotency key, as real payment providers do. */

import { setTimeout as delay } from "node:timers/promises";

import { keep, log } from "./ledger.js";
import type { User } from "./users.js";

/** A payment that was taken. */
export interface Charge {
  id: string;
  userId: string;
  amount: string;
  status: "captured" | "captured_before";
}

/** The bank said no. */
export class CardDeclined extends Error {
  override name = "CardDeclined";
}

/** Takes `amount` from the customer; a second call with the same key takes nothing and answers the same. */
export async function charge(user: User, amount: string, idempotencyKey: string, signal: AbortSignal): Promise<Charge> {
  await log("calls", `charge ${idempotencyKey}`);
  if (!(Number(amount) > 0)) throw new CardDeclined(`${amount} cannot be charged`);
  await delay(20 + Math.random() * 60, undefined, { signal }); // the way to the provider
  const payment = await keep(idempotencyKey, { id: idempotencyKey, userId: user.id, amount });
  await delay(20 + Math.random() * 60); // and back: a crash here has charged, and nobody knows
  return { ...payment.entry, status: payment.isNew ? "captured" : "captured_before" };
}
