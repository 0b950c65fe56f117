// Package tasks has calls that note their keys. Shipping fails while the file `broken` is there, and hangs while `stuck` is.
package tasks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

func note(what, key string) error {
	log, err := os.OpenFile("calls.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	_, err = fmt.Fprintln(log, what, key)
	return err
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// Charge charges.
func Charge(ctx context.Context, amount int64, idempotencyKey string) (int64, error) {
	return amount, note(fmt.Sprintf("charge %d", amount), idempotencyKey)
}

// Wrap wraps.
func Wrap(ctx context.Context, amount int64, idempotencyKey string) (int64, error) {
	return amount, note("wrap", idempotencyKey)
}

// Label prints a label.
func Label(ctx context.Context, amount int64, idempotencyKey string) (int64, error) {
	return amount, note("label", idempotencyKey)
}

// Ship ships.
func Ship(ctx context.Context, amount int64, idempotencyKey string) (string, error) {
	if err := note("ship", idempotencyKey); err != nil {
		return "", err
	}
	for exists("stuck") {
		time.Sleep(5 * time.Millisecond)
	}
	if exists("broken") {
		return "", errors.New("no truck")
	}
	return fmt.Sprintf("shipped %d", amount), nil
}

// Book books.
func Book(ctx context.Context, amount int64, idempotencyKey string) (int64, error) {
	return amount, note("book", idempotencyKey)
}

// Unbook undoes it.
func Unbook(ctx context.Context, result int64, idempotencyKey string) error {
	return note("unbook", idempotencyKey)
}
