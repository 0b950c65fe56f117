/** The code beside the services. */

/**
 * @param {string} user_id
 * @returns {string[]}
 */
export function orderOf(user_id) {
  return [`${user_id}-book`, "pen"];
}

/** Made for each attempt. */
export class Prices {
  /** @param {string} currency */
  constructor(currency) {
    this.currency = currency;
  }

  /**
   * @param {string[]} items
   * @returns {{ total: number, currency: string }}
   */
  quote(items) {
    return { total: 10 * items.length, currency: this.currency };
  }
}

/**
 * @param {string} user_id
 * @returns {Promise<string>}
 */
export async function askAPerson(user_id) {
  return `somebody must look at ${user_id}`;
}
