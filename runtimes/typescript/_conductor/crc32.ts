/**
 * The checksum of zip and gzip: Node has one of its own from 20.15 on.
 *
 * It deliberately knows nothing else.
 */

const POLYNOMIAL = 0xedb88320;

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    rest = (rest & 1) === 1 ? POLYNOMIAL ^ (rest >>> 1) : rest >>> 1;
  }
  return rest;
});

/** CRC-32 of the bytes from `start` on, not negative. */
export function crc32(bytes: Uint8Array, start = 0): number {
  let sum = -1;
  for (let at = start; at < bytes.length; at += 1) {
    sum = (table[(sum ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (sum >>> 8);
  }
  return ~sum >>> 0;
}
