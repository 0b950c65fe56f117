/**
 * JSON without loss: whole numbers beyond 2^53 are `bigint`, and what is a float stays one when it is written and read.
 *
 * It deliberately knows no types of a manifest.
 */
export type Json =
  null | boolean | number | bigint | string | FloatText | Json[] | JsonObject;
export type JsonObject = {
  [name: string]: Json;
};
/** A float that `JSON.stringify` would write as something else: `-0`, or a whole number beyond 2^53. */
export declare class FloatText {
  readonly value: number;
  constructor(value: number);
  /** Only `dumps` can write it: `JSON.stringify` is told that it cannot, as it says itself of a `bigint`. */
  toJSON(): never;
  toString(): string;
}
/** A float as JSON that reads back as the same float. */
export declare function floatJson(value: number): number | FloatText;
/** Compact JSON on one line. */
export declare function dumps(value: unknown): string;
/** A value as it is written, and as whoever reads that has it. */
export interface Wire {
  readonly text: string;
  readonly json: Json;
}
/** The JSON of a value, and the value as it reads back. */
export declare function wire(value: Json): Wire;
/** Reads JSON that may hold whole numbers beyond 2^53. */
export declare function loads(text: string): Json;
/** A field that is text; empty where it is not. */
export declare function textAt(object: JsonObject, name: string): string;
/** Whether it is an object with names and values, and neither a list nor of a class. */
export declare function isRecord(
  value: unknown,
): value is Record<string, unknown>;
