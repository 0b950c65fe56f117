/**
 * Ids of runs and sessions: UUIDs of version 7, which sort by time.
 *
 * It deliberately knows nothing of what they name.
 */

import { randomBytes } from "node:crypto";

/** A UUID of version 7 (RFC 9562, section 5.7). */
export function newRunId(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const text = bytes.toString("hex");
  const parts = [
    text.slice(0, 8),
    text.slice(8, 12),
    text.slice(12, 16),
    text.slice(16, 20),
    text.slice(20),
  ];
  return parts.join("-");
}
