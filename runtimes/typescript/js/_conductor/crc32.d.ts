/**
 * The checksum of zip and gzip: Node has one of its own from 20.15 on.
 *
 * It deliberately knows nothing else.
 */
/** CRC-32 of the bytes from `start` on, not negative. */
export declare function crc32(bytes: Uint8Array, start?: number): number;
