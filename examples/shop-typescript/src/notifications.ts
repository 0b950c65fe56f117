/** Writes to customers. */

import { log } from "./ledger.js";
import type { User } from "./users.js";

/** A letter that was sent. */
export interface Receipt {
  recipient: string;
}

/** Sends the customer a receipt. */
export async function sendEmail(user: User, amount: string): Promise<Receipt> {
  await log("letters", `${user.email}: Dear ${user.name}, we have received your order over ${amount}.`);
  return { recipient: user.email };
}
