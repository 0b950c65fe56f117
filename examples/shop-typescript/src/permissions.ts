/** What a customer may do. */

import { Tier, type User } from "./users.js";

/** Whether the customer may order, and up to which amount. */
export interface Permissions {
  mayOrder: boolean;
  limit: string;
}

/** The customer may not order. */
export class PermissionDenied extends Error {
  override name = "PermissionDenied";
}

/** Says what the customer may order, or refuses. */
export function checkPermissions(user: User): Permissions {
  if (user.blocked) throw new PermissionDenied(`${user.name} may not order`);
  return { mayOrder: true, limit: user.tier === Tier.Gold ? "10000" : "1000" };
}
