/**
 * Where these modules stand, in the form in which stacks name them.
 *
 * It deliberately does without `import.meta`, which compilers refuse where they make CommonJS of it.
 */
/** The folder with a slash at its end: of a URL in a module, of a path in CommonJS; empty where nobody says. */
export declare const HERE: string;
/** The folder as a path. */
export declare function ownFolder(): string;
