// Package tasks has steps that write down when they begin and when they end; some fail at random.
package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// ErrRefused is the other side saying no; it may say yes the next time.
var ErrRefused = errors.New("not now")

var ledger = sync.OnceValues(func() (*os.File, error) {
	return os.OpenFile(os.Getenv("TORTURE_LEDGER"), os.O_WRONLY|os.O_APPEND, 0)
})

// Note writes one line, which outlives this process when it returns: the ledger's disk loses no power. The leading line break parts
// it from a line that a kill has torn.
func Note(fields map[string]any) error {
	file, err := ledger()
	if err != nil {
		return err
	}
	line := map[string]any{"pid": os.Getpid()}
	maps.Copy(line, fields)
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = file.Write([]byte("\n" + string(text) + "\n"))
	return err
}

func effect(key string, n, value int64, refusals float64) (int64, error) {
	if err := Note(map[string]any{"key": key, "event": "begin", "n": n}); err != nil {
		return 0, err
	}
	time.Sleep(time.Duration(rand.Float64() * 8 * float64(time.Millisecond)))
	if rand.Float64() < refusals {
		return 0, ErrRefused
	}
	return value, Note(map[string]any{"key": key, "event": "end", "n": n, "value": value})
}

// Look reads.
func Look(ctx context.Context, n int64, idempotencyKey string) (int64, error) {
	return effect(idempotencyKey, n, n*3+1, 0)
}

// Put writes.
func Put(n int64, idempotencyKey string) (int64, error) {
	return effect(idempotencyKey, n, n+7, 0)
}

// Flaky writes, now and then.
func Flaky(ctx context.Context, n int64, idempotencyKey string) (int64, error) {
	return effect(idempotencyKey, n, n*2, 0.2)
}

// Grumble fails half of the time.
func Grumble(ctx context.Context, n int64, idempotencyKey string) (int64, error) {
	return effect(idempotencyKey, n, n, 0.5)
}

// Once must not happen twice.
func Once(ctx context.Context, n int64, idempotencyKey string) (int64, error) {
	return effect(idempotencyKey, n, n, 0)
}

// Ask needs a person where nobody knows what has become of it.
func Ask(ctx context.Context, n int64, idempotencyKey string) (int64, error) {
	return effect(idempotencyKey, n, n+1, 0)
}

// Book is undone by Unbook.
func Book(ctx context.Context, n int64, idempotencyKey string) (int64, error) {
	return effect(idempotencyKey, n, n, 0)
}

// Unbook undoes it.
func Unbook(ctx context.Context, n int64, idempotencyKey string) (int64, error) {
	return effect(idempotencyKey, n, n, 0.2)
}

// Hold waits for a file beside the ledger.
func Hold(ctx context.Context, n int64, idempotencyKey string) (int64, error) {
	if err := Note(map[string]any{"key": idempotencyKey, "event": "begin", "n": n}); err != nil {
		return 0, err
	}
	for {
		if _, err := os.Stat(os.Getenv("TORTURE_LEDGER") + ".gate"); err == nil {
			return n, Note(map[string]any{"key": idempotencyKey, "event": "end", "n": n, "value": n})
		}
		time.Sleep(10 * time.Millisecond)
	}
}
