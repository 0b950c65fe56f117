// Package world is the dependency, as the files of the working directory say.
package world

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Refused: it answers, and says no.
type Refused struct{}

func (*Refused) Error() string { return "not you" }

// ConnectionError: nobody answers.
type ConnectionError struct{}

func (*ConnectionError) Error() string { return "nobody answers" }

func state(who string) string {
	text, err := os.ReadFile("weather." + who)
	if err != nil {
		text, _ = os.ReadFile("weather")
	}
	return string(text)
}

// Ask asks it.
func Ask(ctx context.Context, who string) (string, error) {
	log, err := os.OpenFile("asked.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return "", err
	}
	fmt.Fprintln(log, who)
	log.Close()
	for state(who) == "hangs" {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
	switch state(who) {
	case "down":
		return "", &ConnectionError{}
	case "refuses":
		return "", &Refused{}
	}
	return "fine", nil
}
