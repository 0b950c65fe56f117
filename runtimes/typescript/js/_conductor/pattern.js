/**
 * Patterns of `matches`, which have RE2's meaning, as regular expressions of JavaScript.
 *
 * It deliberately accepts only what the checker lets through: patterns that every target's engine takes alike.
 */
import { ExpressionError } from "./errors.js";
/** So many patterns are kept; a manifest has few, and all are literals. */
const KEPT = 256;
const known = new Map();
/** The regular expression with the meaning of the pattern. */
export function regExpOf(pattern) {
  let found = known.get(pattern);
  if (found === undefined) {
    found = made(pattern);
    if (known.size >= KEPT) {
      known.clear();
    }
    known.set(pattern, found);
  }
  return found;
}
function made(pattern) {
  const flags = /^\(\?([is]+)\)/.exec(pattern);
  const body = pattern.slice(flags?.[0].length ?? 0);
  const given = flags?.[1] ?? "";
  try {
    const mode = { i: given.includes("i"), s: given.includes("s") };
    return new RegExp(new Translation(body).translated(mode), "u");
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new ExpressionError(`matches: ${error.message}`);
    }
    throw error;
  }
}
const WORD = "[0-9A-Za-z_]";
const AT_WORD = `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`;
const NOT_AT_WORD = `(?:(?<=${WORD})(?=${WORD})|(?<!${WORD})(?!${WORD}))`;
/** Classes and places that the letter behind a backslash stands for. */
const ESCAPES = {
  d: "[0-9]",
  D: "[^0-9]",
  w: WORD,
  W: "[^0-9A-Za-z_]",
  s: "[\\t\\n\\f\\r ]",
  S: "[^\\t\\n\\f\\r ]",
  b: AT_WORD,
  B: NOT_AT_WORD,
  A: "^",
  z: "$",
};
const CONTROLS = {
  a: "\x07",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
class Translation {
  constructor(pattern) {
    this.at = 0;
    this.letters = [...pattern];
  }
  /** The next letter; nothing at the end. */
  next() {
    return this.letters[this.at] ?? "";
  }
  take() {
    const letter = this.next();
    this.at += 1;
    return letter;
  }
  /** Up to the end, or to the bracket that closes a group. */
  translated(mode) {
    let out = "";
    while (this.at < this.letters.length && this.next() !== ")") {
      out += this.part(this.take(), mode);
    }
    return out;
  }
  part(letter, mode) {
    switch (letter) {
      case "\\":
        return this.escape(mode);
      case "[":
        return this.characterClass(mode);
      case "(":
        return this.group(mode);
      case ".":
        return mode.s ? "[^]" : "[^\\n]";
      case "{":
        return this.repetition();
      case "^":
      case "$":
      case "|":
      case "*":
      case "+":
      case "?":
        return letter;
      default:
        return literal(letter, mode);
    }
  }
  /** `{2,3}`; anything else in a brace is itself. */
  repetition() {
    const rest = this.letters.slice(this.at, this.at + 16).join("");
    const found = /^[0-9]+(?:,[0-9]*)?\}/.exec(rest)?.[0];
    if (found === undefined) {
      return "\\{";
    }
    this.at += found.length;
    return `{${found}`;
  }
  group(outer) {
    let mode = outer;
    if (this.next() === "?") {
      this.take();
      let flags = "";
      while (this.next() !== ":" && this.at < this.letters.length) {
        flags += this.take();
      }
      this.take();
      mode = {
        i: outer.i || flags.includes("i"),
        s: outer.s || flags.includes("s"),
      };
    }
    const inside = this.translated(mode);
    if (this.take() !== ")") {
      throw new SyntaxError("a group is not closed");
    }
    return `(?:${inside})`;
  }
  escape(mode) {
    const place = ESCAPES[this.next()];
    if (place !== undefined) {
      this.take();
      return place;
    }
    return literal(this.escaped(), mode);
  }
  /** The character that an escape stands for. */
  escaped() {
    const letter = this.take();
    if (letter === "x") {
      return String.fromCharCode(parseInt(this.take() + this.take(), 16));
    }
    return CONTROLS[letter] ?? letter;
  }
  characterClass(mode) {
    let out = this.next() === "^" ? this.take() : "";
    for (let isFirst = true; ; isFirst = false) {
      if (this.at >= this.letters.length) {
        throw new SyntaxError("a class is not closed");
      }
      if (this.next() === "]" && !isFirst) {
        this.take();
        return `[${out}]`;
      }
      out += this.member(mode);
    }
  }
  member(mode) {
    const isEscape = this.next() === "\\";
    const set = isEscape ? ESCAPES[this.letters[this.at + 1] ?? ""] : undefined;
    if (set !== undefined) {
      this.at += 2;
      return set.slice(1, -1);
    }
    const first = this.single();
    const isRange = this.next() === "-" && this.letters[this.at + 1] !== "]";
    if (!isRange) {
      return cases(first, mode).map(escapedUnit).join("");
    }
    this.take();
    const last = this.single();
    return range(first, last, mode);
  }
  single() {
    const letter = this.take();
    return letter === "\\" ? this.escaped() : letter;
  }
}
/** A character as itself, whatever it means in a pattern. */
function escapedUnit(letter) {
  const code = letter.codePointAt(0) ?? 0;
  return /^[0-9A-Za-z_ ]$/.test(letter) ? letter : `\\u{${code.toString(16)}}`;
}
function literal(letter, mode) {
  const all = cases(letter, mode).map(escapedUnit);
  return all.length === 1 ? (all[0] ?? "") : `[${all.join("")}]`;
}
/** Characters that are one but for their case: those that JavaScript's own folding takes for one. */
function cases(letter, mode) {
  if (!mode.i) {
    return [letter];
  }
  const folds = new Set([letter]);
  const candidates = [
    letter.toLowerCase(),
    letter.toUpperCase(),
    letter.toUpperCase().toLowerCase(),
    ...(KINDRED[letter.toLowerCase()] ?? []),
  ];
  for (const other of candidates) {
    if ([...other].length === 1) {
      folds.add(other);
    }
  }
  return [...folds];
}
/** Letters with more than two forms. */
const KINDRED = {
  k: ["\u212a"],
  s: ["\u017f"],
  "\u017f": ["s", "S"],
  "\u00e5": ["\u212b"],
  "\u03c3": ["\u03c2"],
  "\u03c2": ["\u03c3", "\u03a3"],
};
/** The other forms of the letters of a range stand beside it. */
function range(first, last, mode) {
  const plain = `${escapedUnit(first)}-${escapedUnit(last)}`;
  if (!mode.i) {
    return plain;
  }
  const from = first.codePointAt(0) ?? 0;
  const to = last.codePointAt(0) ?? 0;
  const others = new Set();
  for (let code = from; code <= to; code += 1) {
    for (const other of cases(String.fromCodePoint(code), mode)) {
      const place = other.codePointAt(0) ?? 0;
      if (place < from || place > to) {
        others.add(other);
      }
    }
  }
  return plain + [...others].map(escapedUnit).join("");
}
