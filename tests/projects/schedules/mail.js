/**
 * @param {string} text
 * @returns {Promise<string>}
 */
export async function mail(text) {
  return `mailed ${text}`;
}
