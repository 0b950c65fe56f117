// Package payments takes money, at most once for an idempotency key, as real payment providers do.
package payments

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"example.com/shop/ledger"
	"example.com/shop/users"
)

// Cents is an amount of money.
type Cents int64

// Charge is a payment that was taken.
type Charge struct {
	ID             string `json:"id"`
	UserID         string `json:"user_id"`
	Amount         Cents  `json:"amount"`
	CapturedBefore bool   `json:"captured_before"`
}

// CardDeclined says that the bank said no.
type CardDeclined struct{ Amount Cents }

func (e *CardDeclined) Error() string { return fmt.Sprintf("%d cents cannot be charged", e.Amount) }

// Take takes amount from the customer; a second call with the same key takes nothing and answers the same.
func Take(ctx context.Context, user users.User, amount Cents, idempotencyKey string) (*Charge, error) {
	if err := ledger.Log("calls", "charge "+idempotencyKey); err != nil {
		return nil, err
	}
	if amount <= 0 {
		return nil, &CardDeclined{Amount: amount}
	}
	if err := travel(ctx); err != nil { // the way to the provider
		return nil, err
	}
	charge := Charge{ID: idempotencyKey, UserID: user.ID, Amount: amount}
	isNew, err := ledger.Keep(idempotencyKey, &charge)
	if err != nil {
		return nil, err
	}
	charge.CapturedBefore = !isNew
	// And back: a crash here has charged, and nobody knows.
	return &charge, travel(context.WithoutCancel(ctx))
}

func travel(ctx context.Context) error {
	select {
	case <-time.After(20*time.Millisecond + rand.N(60*time.Millisecond)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
