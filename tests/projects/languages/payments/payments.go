// Package payments is the step that is written in Go.
package payments

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrDeclined is what a card that is refused comes to.
var ErrDeclined = errors.New("card declined")

// Receipt says what was charged, in cents.
type Receipt struct {
	ID     string `json:"id"`
	Amount int    `json:"amount"`
}

// Charge writes down that it was called, and waits until the file `charge.open` is there.
func Charge(ctx context.Context, userID string, amount int, idempotencyKey string) (Receipt, error) {
	log, err := os.OpenFile("charges.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return Receipt{}, err
	}
	defer log.Close()
	if _, err := fmt.Fprintln(log, idempotencyKey); err != nil {
		return Receipt{}, err
	}
	if userID == "nobody" {
		return Receipt{}, fmt.Errorf("charge %s: %w", userID, ErrDeclined)
	}
	for {
		if _, err := os.Stat("charge.open"); err == nil {
			return Receipt{ID: "ch_" + userID, Amount: amount}, nil
		}
		select {
		case <-ctx.Done():
			return Receipt{}, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}
