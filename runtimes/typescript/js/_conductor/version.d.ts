/** The version of the compiler that wrote these files: here nobody has, so it is none. */
export declare const VERSION: string;
