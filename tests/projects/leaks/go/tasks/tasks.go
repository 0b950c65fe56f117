// Package tasks are the steps.
package tasks

import (
	"context"
	"fmt"
	"time"
)

// Declined is the error of Decline.
type Declined struct{ N int64 }

func (declined *Declined) Error() string { return fmt.Sprint(declined.N) }

func Step(n int64) (int64, error) { return n, nil }

func Slow(ctx context.Context, n int64) (int64, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(time.Minute):
		return n, nil
	}
}

func Decline(n int64) (int64, error) { return 0, &Declined{N: n} }

func Book(n int64) (int64, error) { return n, nil }

func Unbook(n int64) error { return nil }
