/**
 * Connects to the sidecar: over the socket of this machine, or over TLS to another one.
 *
 * It deliberately says no more than who comes: what follows is the session's.
 */
import { type Socket } from "node:net";
/** Connects; throws where nobody can be reached there. */
export declare function dial(place: string): Promise<Socket>;
