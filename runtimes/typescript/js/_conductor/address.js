/**
 * Addresses of resources: read from the environment, and shown without the password in them.
 *
 * It deliberately connects to nothing.
 */
import { MissingVariable } from "./errors.js";
const HIDDEN = "***";
/** In the query of a URL, and in the `key=value` form that PostgreSQL's drivers take too. */
const PARAMETER =
  /\b(password|passwd|pwd|sslpassword|secret|token|api_?key)(\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]*)/gi;
/** The environment, as the address of one resource reads it. */
export class Env {
  constructor(resource) {
    this.resource = resource;
  }
  /** The variable's value; an error that says what wants it where it is not set. */
  get(name) {
    const value = process.env[name];
    if (value === undefined) {
      throw new MissingVariable(
        `the address of the resource ${this.resource} is read from the environment variable ${name}, which is not set`,
      );
    }
    return value;
  }
}
/** What stands before the last @ of the authority is the user, whatever characters the password has. */
function partsOf(address) {
  const mark = address.indexOf("://");
  if (mark < 0) {
    return undefined;
  }
  const rest = address.slice(mark + 3);
  const at = rest.lastIndexOf("@");
  return {
    scheme: address.slice(0, mark + 3),
    user: at < 0 ? undefined : rest.slice(0, at),
    place: rest.slice(at + 1),
  };
}
/** The address without what is secret in it. */
export function shown(address) {
  const text = address.replace(PARAMETER, `$1$2${HIDDEN}`);
  const parts = partsOf(text);
  if (parts?.user === undefined) {
    return text;
  }
  const colon = parts.user.indexOf(":");
  const user =
    colon < 0 ? parts.user : `${parts.user.slice(0, colon)}:${HIDDEN}`;
  return `${parts.scheme}${user}@${parts.place}`;
}
/** The text without the secrets of the address, in case a driver repeats them. */
export function scrubbed(text, address) {
  let clean = text;
  const secrets = secretsOf(address).sort(
    (one, other) => other.length - one.length,
  );
  for (const secret of secrets) {
    clean = clean.replaceAll(secret, HIDDEN);
  }
  return clean;
}
function secretsOf(address) {
  const found = [];
  for (const match of address.matchAll(PARAMETER)) {
    found.push((match[3] ?? "").replace(/^'|'$/g, ""));
  }
  const user = partsOf(address)?.user ?? "";
  const colon = user.indexOf(":");
  if (colon >= 0) {
    found.push(user.slice(colon + 1));
  }
  const all = found.flatMap((secret) => [secret, unquoted(secret)]);
  return all.filter((secret) => secret !== "");
}
function unquoted(secret) {
  try {
    return decodeURIComponent(secret);
  } catch {
    return secret;
  }
}
