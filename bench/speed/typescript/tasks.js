/** @returns {Promise<bigint>} */
export async function touch() {
  return 1n;
}
