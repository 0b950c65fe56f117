package stock

import (
	"context"
	"errors"
	"fmt"
	"os"
)

func logged(line string) error {
	file, err := os.OpenFile("bookings.log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, line)
	return errors.Join(err, file.Close())
}

// Book books.
func Book(ctx context.Context, what, idempotencyKey string) (string, error) {
	return what + " 1", logged("book " + idempotencyKey)
}

// Cancel undoes Book.
func Cancel(ctx context.Context, what, result string) error { return logged("cancel " + result) }

// Broken fails.
func Broken(ctx context.Context) error { return errors.New("it is broken") }
