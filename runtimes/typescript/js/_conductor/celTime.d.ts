/**
 * CEL's times: how they are read, what a calendar in any zone shows of them, and their arithmetic.
 *
 * It deliberately knows no clock: it reads no current time and no local zone. A date is text, as is a duration.
 */
import { type Int } from "./cel.js";
/** RFC 3339, seconds since 1970, or what is a moment already; in UTC. */
export declare function timestamp(of: unknown): Date;
/** RFC 3339 in UTC, with as many decimals as needed. */
export declare function timestampText(of: Date): string;
/** Negative, zero or positive. */
export declare function compareTimestamps(left: Date, right: Date): number;
/** Negative, zero or positive. */
export declare function compareDurations(left: string, right: string): number;
/** The midnight of a date in UTC. */
export declare function timestampOfDate(of: string): Date;
/** `-1h30m2.5s`. */
export declare function duration(of: unknown): string;
/** `2026-01-31`, or the day of a timestamp in UTC. */
export declare function date(of: unknown): string;
export declare function spansAdded(left: string, right: string): string;
export declare function spansSubtracted(left: string, right: string): string;
export declare function later(at: Date, by: string): Date;
export declare function earlier(at: Date, by: string): Date;
/** The time from `right` to `left`. */
export declare function since(left: Date, right: Date): string;
export declare function daysLater(day: string, by: string): string;
export declare function daysEarlier(day: string, by: string): string;
export declare function daysSince(left: string, right: string): string;
export declare function getFullYear(of: unknown, zone?: string): number;
/** From 0. */
export declare function getMonth(of: unknown, zone?: string): number;
/** From 1. */
export declare function getDate(of: unknown, zone?: string): number;
/** From 0. */
export declare function getDayOfMonth(of: unknown, zone?: string): number;
/** Sunday is 0. */
export declare function getDayOfWeek(of: unknown, zone?: string): number;
/** From 0. */
export declare function getDayOfYear(of: unknown, zone?: string): number;
/** Of the clock of a moment; all of a duration, which is text. */
export declare function getHours(of: unknown, zone?: string): number;
export declare function getMinutes(of: unknown, zone?: string): number;
export declare function getSeconds(of: unknown, zone?: string): number;
/** Of the second that has begun. */
export declare function getMilliseconds(of: unknown, zone?: string): number;
export type { Int };
