/**
 * Values as they are written down: JSON of a bounded size.
 *
 * It deliberately knows no types.
 */
import { type Json, type Wire } from "./json.js";
/** The JSON of a value, which must not be larger than a journal takes. */
export declare function written(value: Json, limit: number, what: string): Wire;
