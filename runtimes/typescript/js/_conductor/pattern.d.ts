/**
 * Patterns of `matches`, which have RE2's meaning, as regular expressions of JavaScript.
 *
 * It deliberately accepts only what the checker lets through: patterns that every target's engine takes alike.
 */
/** The regular expression with the meaning of the pattern. */
export declare function regExpOf(pattern: string): RegExp;
