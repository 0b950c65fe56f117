package runtime

// One call of the user's code: its time limit, a panic in it, and its end, which is waited for even when nobody can use
// it any more.
// This file knows no journal; what an unknown outcome means stands in `settle.go`.

import (
	"context"
	"errors"
	"runtime/debug"
	"time"
)

// settleWithin is how long the real end of a write is awaited after its time is over.
const settleWithin = 30 * time.Second

// work is a call that runs by itself.
type work struct {
	ctx    context.Context // done when its time is over, or it is asked to stop
	cancel context.CancelFunc
	overAt time.Time // when its own time is over; zero is never
	done   chan struct{}
	value  any
	err    error
	asked  bool // asked to stop
}

// startWork begins a call that holds `takens` until it really ends. A limit of 0 is none.
func startWork(ctx context.Context, limit time.Duration, call func(context.Context) (any, error), takens ...*taken) *work {
	w := &work{done: make(chan struct{})}
	base := context.WithoutCancel(ctx)
	if limit > 0 {
		w.overAt = time.Now().Add(limit)
		w.ctx, w.cancel = context.WithDeadline(base, w.overAt)
	} else {
		w.ctx, w.cancel = context.WithCancel(base)
	}
	if at, ok := ctx.Deadline(); ok {
		w.ctx = limited{w.ctx, at} // the call is told of limits around its step, too
	}
	go func() {
		defer w.cancel() // after the end is told: a context that is done first means that the time is over
		defer close(w.done)
		w.value, w.err = guarded(w.ctx, call)
		for _, each := range takens {
			each.giveBack()
		}
	}()
	return w
}

// guarded makes an error of a panic.
func guarded[T any](ctx context.Context, call func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &Panic{cause, string(debug.Stack())}
		}
	}()
	return call(ctx)
}

// interrupt asks the call to stop. A function without a context does not listen.
func (w *work) interrupt() {
	w.asked = true
	w.cancel()
}

// settled waits for the real end within the bound; without a bound where that is 0. Nobody waits longer than `until`.
func (w *work) settled(bound time.Duration, until <-chan struct{}) bool {
	var over <-chan time.Time
	if bound > 0 {
		timer := time.NewTimer(bound)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-w.done:
		return true
	case <-over:
	case <-until:
	}
	return w.hasEnded()
}

func (w *work) hasEnded() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// isInterrupted says, of one that has ended, whether it did because it was asked to; how far it got nobody knows.
func (w *work) isInterrupted() bool {
	return w.asked && w.err != nil && (errors.Is(w.err, context.Canceled) || errors.Is(w.err, context.DeadlineExceeded) || errors.Is(w.err, errLost))
}
