/**
 * Errors as the journal, the API and other languages know them.
 *
 * It deliberately knows no policies: those match the error itself, by the same names.
 */
import { RecordedError, RemoteError, textOf, WorkflowError } from "./errors.js";
import { dumps } from "./json.js";
import { HERE } from "./place.js";
import { errorCode, typeNames } from "./policy.js";
import { encodeAny } from "./scalars.js";
/** Characters of a message or a stack that are kept. */
const MAX_TEXT = 16_384;
/** Characters of the fields, as JSON, that are kept: whole fields only. */
const MAX_FIELDS = 262_144;
/** What every error has, and what is told elsewhere. */
const NOT_FIELDS = new Set(["name", "message", "stack", "cause", "types"]);
/** The user's own error inside one of a workflow that was called as a step. */
export function causeOf(error) {
  let cause = error;
  while (cause instanceof WorkflowError && cause.cause !== undefined) {
    cause = cause.cause;
  }
  return cause;
}
/** The error as `{types, code, message, fields, stack}`. */
export function errorForm(error) {
  if (error instanceof RecordedError) {
    return error.form;
  }
  const form = {
    types: typeNames(error).map(writable),
    message: writable(textOf(error).slice(0, MAX_TEXT)),
  };
  const code = errorCode(error);
  if (code !== undefined) {
    form.code = writable(code.slice(0, MAX_TEXT));
  }
  const fields = fieldsOf(error);
  if (Object.keys(fields).length > 0) {
    form.fields = fields;
  }
  const stack = stackOf(error);
  if (stack !== "") {
    form.stack = writable(stack);
  }
  return form;
}
/** Text with its lone surrogates spelled out: as they are, no journal takes them. */
function writable(text) {
  return text.replace(
    /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (half) => `\\u${half.charCodeAt(0).toString(16)}`,
  );
}
/** Properties of the error that are plain JSON, as far as there is room for them. */
function fieldsOf(error) {
  if (typeof error !== "object" || error === null) {
    return {};
  }
  const fields = {};
  let room = MAX_FIELDS;
  const given = error instanceof RemoteError ? error.fields : error;
  for (const name of Object.keys(given)) {
    if (name.startsWith("_") || NOT_FIELDS.has(name)) {
      continue;
    }
    try {
      const value = given[name];
      const field = encodeAny({ [name]: value });
      const size = dumps(field).length;
      if (value !== undefined && size <= room) {
        room -= size;
        Object.assign(fields, field);
      }
    } catch {
      // no plain JSON, or a property of the user's that throws
    }
  }
  return fields;
}
/** The frames outside of the runtime. */
function stackOf(error) {
  if (!(error instanceof Error) || typeof error.stack !== "string") {
    return "";
  }
  const frames = error.stack
    .split("\n")
    .filter((line) => line.startsWith("    at ") && !isOurs(line));
  return frames.join("\n").slice(0, MAX_TEXT);
}
function isOurs(line) {
  return HERE !== "" && line.includes(HERE);
}
