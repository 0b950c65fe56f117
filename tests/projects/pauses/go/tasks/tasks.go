// Package tasks has a payment that hangs while the file `stuck` is there, and a booking that is not undone while `broken` is.
package tasks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

func note(what string, amount int64) error {
	log, err := os.OpenFile("calls.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	_, err = fmt.Fprintln(log, what, amount)
	return err
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// Pay pays.
func Pay(ctx context.Context, amount int64) (string, error) {
	if err := note("pay", amount); err != nil {
		return "", err
	}
	for exists("stuck") {
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Sprintf("paid %d", amount), nil
}

// Book books.
func Book(ctx context.Context, amount int64) (int64, error) {
	return amount, nil
}

// Unbook undoes it.
func Unbook(ctx context.Context, result int64) error {
	if err := note("unbook", result); err != nil {
		return err
	}
	if exists("broken") {
		return errors.New("nobody answers")
	}
	return nil
}
