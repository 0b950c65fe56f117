/** The version of the compiler that wrote these files: here nobody has, so it is none. */
export const VERSION = "0";
