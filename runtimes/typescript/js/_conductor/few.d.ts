/**
 * Lists that seldom hold more than one thing, of which there are many.
 *
 * It deliberately knows nothing of what they hold.
 */
/** The list with one more. One that is empty gets room for that alone: `push` makes room for 17. */
export declare function added<T>(list: T[], one: T): T[];
