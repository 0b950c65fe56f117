/** Who the customers are. */

export enum Tier {
  Basic = "basic",
  Gold = "gold",
}

/** A customer of the shop. */
export interface User {
  id: string;
  name: string;
  email: string;
  tier: Tier;
  blocked: boolean;
}

/** Nobody has this id. */
export class UserNotFound extends Error {
  override name = "UserNotFound";
}

/** Looks a customer up: `user-1`, `user-2` and so on are there. */
export async function getUserById(userId: string): Promise<User> {
  const number = Number(/^user-(\d+)$/.exec(userId)?.[1] ?? Number.NaN);
  if (!Number.isInteger(number)) throw new UserNotFound(`there is no user ${JSON.stringify(userId)}`);
  return Promise.resolve({
    id: userId,
    name: `Customer ${number}`,
    email: `${userId}@example.com`,
    tier: number % 5 === 0 ? Tier.Gold : Tier.Basic,
    blocked: number % 13 === 0,
  });
}
