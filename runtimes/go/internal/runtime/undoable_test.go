package runtime

import (
	"context"
	"errors"
	"testing"
	"time"
)

// unknownOf says whether nobody knows whether a write happened, of whose attempt this is all that is known.
func unknownOf(ctx context.Context, around Around, call func(context.Context) (int, error)) (isUnknown bool, err error) {
	around.Undoable = NewUndoable(func() { isUnknown = true })
	around.Effect = Write
	if _, err = Try(ctx, around, call); err == nil {
		around.Undoable.Completed()
	}
	around.Undoable.Ended()
	return isUnknown, err
}

func TestNobodyKnowsOfAWriteThatIsCutOff(t *testing.T) {
	no := errors.New("no")
	outlasts := func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	refuses := func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, no
	}
	succeeds := func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 1, nil
	}
	ends := make(chan struct{})
	defer close(ends)
	blocks := func(context.Context) (int, error) {
		<-ends
		return 0, no
	}
	short := Around{Timeout: time.Millisecond}
	for name, each := range map[string]struct {
		around Around
		call   func(context.Context) (int, error)
		want   bool
	}{
		"a cancelled one":                   {Around{}, outlasts, true},
		"one over its time":                 {short, outlasts, true},
		"one that fails when it is stopped": {Around{}, refuses, false},
		"one that succeeds all the same":    {Around{}, succeeds, false},
		"one that takes no context":         {Around{Timeout: time.Millisecond, Blocking: true, Idempotent: true}, blocks, true},
		"one that fails by itself":          {short, func(context.Context) (int, error) { return 0, context.Canceled }, false},
		"one that panics":                   {short, func(context.Context) (int, error) { panic("no") }, false},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		if got, err := unknownOf(ctx, each.around, each.call); got != each.want {
			t.Errorf("%s: unknown is %v: %v", name, got, err)
		}
		cancel()
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got, err := unknownOf(ctx, Around{}, outlasts); got || err == nil {
		t.Error("one that was not begun", got, err)
	}
}

func TestACancelledWriteThatTakesNoContextCountsAsWhatItIs(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	around := Around{Timeout: time.Second, Blocking: true}
	isUnknown, err := unknownOf(ctx, around, func(context.Context) (int, error) {
		time.Sleep(30 * time.Millisecond)
		return 1, nil
	})
	if isUnknown || err != nil {
		t.Error(isUnknown, err)
	}
}
