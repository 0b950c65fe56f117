/**
 * What the runtime and generated code say to whoever runs the program: lines on standard error, from `CONDUCTOR_LOG` on.
 *
 * It deliberately knows no logging library; an application that has one gives it to `setLogger`.
 */

import { masked, maskedError } from "./secrets.js";

export interface Logger {
  debug(message: string, error?: unknown): void;
  info(message: string, error?: unknown): void;
  warn(message: string, error?: unknown): void;
  error(message: string, error?: unknown): void;
}

const LEVELS = ["debug", "info", "warn", "error", "off"] as const;

type Level = (typeof LEVELS)[number];

function wanted(): Level {
  const named = process.env["CONDUCTOR_LOG"]?.toLowerCase();
  return LEVELS.find((level) => level === named) ?? "warn";
}

function say(level: Level, message: string, error: unknown): void {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(wanted())) {
    return;
  }
  const line = `conductor: ${level}: ${message}`;
  if (error === undefined) {
    console.error(line);
  } else {
    console.error(line, error);
  }
}

let current: Logger = {
  debug: (message, error) => {
    say("debug", message, error);
  },
  info: (message, error) => {
    say("info", message, error);
  },
  warn: (message, error) => {
    say("warn", message, error);
  },
  error: (message, error) => {
    say("error", message, error);
  },
};

/** Hands all lines to the application's own logger. */
export function setLogger(logger: Logger): void {
  current = logger;
}

/** Where lines go, without what is secret. */
export function logger(): Logger {
  return safe;
}

const safe: Logger = {
  debug: (message, error) => {
    current.debug(masked(message), maskedError(error));
  },
  info: (message, error) => {
    current.info(masked(message), maskedError(error));
  },
  warn: (message, error) => {
    current.warn(masked(message), maskedError(error));
  },
  error: (message, error) => {
    current.error(masked(message), maskedError(error));
  },
};
