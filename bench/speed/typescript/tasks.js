/** @returns {Promise<bigint>} */
export async function touch() {
  return 1n;
}

/** @returns {Promise<bigint>} */
export async function look() {
  return 1n;
}
