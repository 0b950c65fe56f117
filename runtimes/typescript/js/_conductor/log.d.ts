/**
 * What the runtime and generated code say to whoever runs the program: lines on standard error, from `CONDUCTOR_LOG` on.
 *
 * It deliberately knows no logging library; an application that has one gives it to `setLogger`.
 */
export interface Logger {
  debug(message: string, error?: unknown): void;
  info(message: string, error?: unknown): void;
  warn(message: string, error?: unknown): void;
  error(message: string, error?: unknown): void;
}
/** Hands all lines to the application's own logger. */
export declare function setLogger(logger: Logger): void;
/** Where lines go, without what is secret. */
export declare function logger(): Logger;
