package runtime

import (
	"os"
	"syscall"
)

// flushed puts what was written on the disk.
func flushed(file *os.File) error { return syscall.Fdatasync(int(file.Fd())) }
