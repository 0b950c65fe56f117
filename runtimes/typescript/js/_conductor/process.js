/**
 * Who this process is, in the kernel's own terms.
 *
 * It deliberately knows nothing of sessions.
 */
import { readFileSync } from "node:fs";
/** Field 22 of `/proc/PID/stat`, 0 where the system has none: with it a pid that is used again is noticed. */
export function startTime() {
  let stat;
  try {
    stat = readFileSync(`/proc/${String(process.pid)}/stat`, "utf8");
  } catch {
    return 0;
  }
  // The second field, the command in parentheses, may hold spaces.
  const fields = stat
    .slice(stat.lastIndexOf(")") + 1)
    .trim()
    .split(" ");
  return Number(fields[19] ?? 0);
}
