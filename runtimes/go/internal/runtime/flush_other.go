//go:build !linux

package runtime

import "os"

// flushed puts what was written on the disk.
func flushed(file *os.File) error { return file.Sync() }
