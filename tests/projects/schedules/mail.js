/**
 * @param {string} text
 * @returns {Promise<string>}
 */
export async function mail(text) {
  return `mailed ${text}`;
}

/**
 * @param {string} token
 * @returns {Promise<string>}
 */
export async function write(token) {
  throw new Error(`nobody knows ${token}`);
}
