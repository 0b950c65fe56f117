package runtime

// Version is that of the compiler that wrote these files: here nobody has, so it is none.
const Version = "0"
