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

// Charge writes down that it was called, and waits until the file `charge.open` is there. Of a ghost it says nothing.
func Charge(ctx context.Context, userID string, amount int, idempotencyKey string) (*Receipt, error) {
	log, err := os.OpenFile("charges.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if _, err := fmt.Fprintln(log, idempotencyKey); err != nil {
		return nil, err
	}
	if userID == "nobody" {
		return nil, fmt.Errorf("charge %s: %w", userID, ErrDeclined)
	}
	if userID == "ghost" {
		return nil, nil
	}
	for {
		if _, err := os.Stat("charge.open"); err == nil {
			return &Receipt{ID: "ch_" + userID, Amount: amount}, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Refund undoes a charge.
func Refund(receipt Receipt, reason string) error {
	return os.WriteFile("refunds.log", []byte(receipt.ID+": "+reason+"\n"), 0o600)
}
