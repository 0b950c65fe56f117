/**
 * Keeps the values of secret inputs out of what this process logs.
 *
 * It deliberately knows no run: what is hidden is counted, and found in any text.
 */
/** Hides the values of these inputs until what it returns is called. */
export declare function hide(
  names: readonly string[],
  inputs: Readonly<Record<string, unknown>>,
): () => void;
/** The text without what is hidden. */
export declare function masked(text: string): string;
/** An error as it may be logged: itself, or its text where that holds something hidden. */
export declare function maskedError(error: unknown): unknown;
