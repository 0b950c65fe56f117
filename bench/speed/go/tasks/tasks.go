// Package tasks has a step that does nothing.
package tasks

import "context"

// Touch does nothing.
func Touch(ctx context.Context) (int64, error) { return 1, nil }
