/**
 * The shop's books: a folder with one file for each payment and one line for each letter.
 *
 * It knows nothing of workflows. The folder comes from the environment variable SHOP_LEDGER.
 */

import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const folder = process.env.SHOP_LEDGER ?? "ledger";

/** Keeps `entry` under `name`, unless something is there already; says what is there then. */
export async function keep<T>(name: string, entry: T): Promise<{ entry: T; isNew: boolean }> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${encodeURIComponent(name)}.json`);
  try {
    await writeFile(path, JSON.stringify(entry), { flag: "wx" });
    return { entry, isNew: true };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    return { entry: JSON.parse(await readFile(path, "utf8")) as T, isNew: false };
  }
}

/** Adds a line to the log `name`. */
export async function log(name: string, line: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await appendFile(join(folder, `${name}.log`), `${line}\n`);
}
