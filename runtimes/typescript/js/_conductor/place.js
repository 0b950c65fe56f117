/**
 * Where these modules stand, in the form in which stacks name them.
 *
 * It deliberately does without `import.meta`, which compilers refuse where they make CommonJS of it.
 */
import { fileURLToPath } from "node:url";
/** The folder with a slash at its end: of a URL in a module, of a path in CommonJS; empty where nobody says. */
export const HERE = ownFile().replace(/[^\\/]*$/, "");
/** The folder as a path. */
export function ownFolder() {
  return HERE.startsWith("file:") ? fileURLToPath(HERE) : HERE;
}
function ownFile() {
  const { stackTraceLimit } = Error;
  const prepareStackTrace = Reflect.get(Error, "prepareStackTrace");
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_error, sites) => sites[0]?.getFileName() ?? "";
    return String(new Error().stack);
  } catch {
    // Somebody has frozen the language's own objects.
    return "";
  } finally {
    restore({ prepareStackTrace, stackTraceLimit });
  }
}
function restore(own) {
  try {
    Object.assign(Error, own);
  } catch {
    // Nothing was changed.
  }
}
