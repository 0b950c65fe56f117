package runtime

// Calls of workflows that keep no journal, with what is around them: breaker, rate limit, bulkhead, hedge, permits, time limit.
// This file does not know whether another attempt follows.

import (
	"context"
	"errors"
	"time"
)

// Around is what is around a call.
type Around struct {
	Effect     Effect
	Idempotent bool
	InDoubt    InDoubt
	// Blocking: the function takes no context, and so does not listen.
	Blocking   bool
	Timeout    time.Duration
	Breaker    *Breaker
	BreakerKey any
	RateLimit  *RateLimit
	Bulkhead   *Bulkhead
	Hedge      Hedge
	Uses       []*Pool
	// Undoable watches the call, where something undoes it.
	Undoable *Undoable
}

// Do makes a call with nothing around it. A panic becomes its failure.
func Do[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	if stop := stopped(ctx); stop != nil {
		var none T
		return none, stop
	}
	value, err := guarded(ctx, call)
	return value, unlessStopped(ctx, err)
}

// DoNull makes a call of a function without a result.
func DoNull(ctx context.Context, call func(context.Context) error) error {
	_, err := Do(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) })
	return err
}

// unlessStopped tells a failure from what a call comes to that was cancelled.
func unlessStopped(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return stopped(ctx)
}

// Try makes one attempt.
func Try[T any](ctx context.Context, around Around, call func(context.Context) (T, error)) (T, error) {
	var guarded breakerCall
	if around.Breaker != nil {
		var err error
		if guarded, err = around.Breaker.begin(ctx, around.BreakerKey); err != nil {
			var none T
			return none, err
		}
	}
	if around.Undoable != nil {
		call = watched(around.Undoable, call)
	}
	value, err := limitedCall(ctx, copied(around), call)
	if around.Undoable != nil {
		around.Undoable.attempted(err)
	}
	guarded.done(err)
	return value, err
}

// TryQuick is Try for a function that takes a context and has at most a breaker and a time limit around it: then nothing
// outlives the call, and nothing needs memory of its own.
func TryQuick[T any](ctx context.Context, around *Around, call func(context.Context) (T, error)) (T, error) {
	var guarded breakerCall
	if around.Breaker != nil {
		var err error
		if guarded, err = around.Breaker.begin(ctx, around.BreakerKey); err != nil {
			var none T
			return none, err
		}
	}
	value, err := timedCall(ctx, around.Timeout, around.Effect == Write && around.InDoubt != Retry, call)
	guarded.done(err)
	return value, err
}

// copied keeps what is around a call on the heap, for those calls that need more than a time limit.
func copied(around Around) *Around { return &around }

// TryNull makes one attempt of a function without a result.
func TryNull(ctx context.Context, around Around, call func(context.Context) error) error {
	_, err := Try(ctx, around, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) })
	return err
}

// limitedCall keeps the rate limit and the bulkhead of the task.
func limitedCall[T any](ctx context.Context, around *Around, call func(context.Context) (T, error)) (T, error) {
	var none T
	if around.RateLimit != nil {
		if err := around.RateLimit.wait(ctx); err != nil {
			return none, stopped(ctx)
		}
	}
	if around.Bulkhead != nil {
		if err := around.Bulkhead.take(ctx); err != nil {
			return none, stopped(ctx)
		}
		defer around.Bulkhead.giveBack()
	}
	if around.Hedge.Max > 0 {
		return hedgedCall(ctx, around, call)
	}
	return usingCall(ctx, around, call)
}

// hedgedCall makes further calls beside one that takes long; the first success counts.
func hedgedCall[T any](ctx context.Context, around *Around, call func(context.Context) (T, error)) (T, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(errDecided)
	ends := make(chan attemptEnd, around.Hedge.Max+1)
	end := gathered(inner, around.Hedge, ends, func(int) {
		go func() {
			value, err := usingCall(inner, around, call)
			ends <- attemptEnd{value: value, err: err}
		}()
	})
	value, _ := end.value.(T)
	return value, unlessStopped(ctx, end.err)
}

// usingCall takes permits for the call.
func usingCall[T any](ctx context.Context, around *Around, call func(context.Context) (T, error)) (T, error) {
	permits := &taken{}
	if err := takeAll(ctx, permits, nil, around.Uses); err != nil {
		var none T
		return none, firstError(stoppedError(ctx), err)
	}
	if around.Timeout > 0 && around.Blocking {
		return blockingCall(ctx, around, permits, call)
	}
	defer permits.giveBack()
	return timedCall(ctx, around.Timeout, around.Effect == Write && around.InDoubt != Retry, call)
}

func stoppedError(ctx context.Context) error {
	if stop := stopped(ctx); stop != nil {
		return stop
	}
	return nil
}

// timedCall keeps the time limit of a call that takes a context: it is called here and stops by itself. `mayDoubt`: an
// unknown outcome is not tried again.
func timedCall[T any](ctx context.Context, limit time.Duration, mayDoubt bool, call func(context.Context) (T, error)) (T, error) {
	if limit == 0 {
		return Do(ctx, call)
	}
	inner := &lazy{parent: ctx, deadline: time.Now().Add(limit)}
	value, err := guarded(inner, call)
	if err != nil && inner.Err() != nil {
		err = overTimeIn(ctx, limit, mayDoubt, err)
	}
	inner.stop(context.Canceled)
	return value, err
}

// overTimeIn is the failure of a call whose time was over.
func overTimeIn(ctx context.Context, limit time.Duration, mayDoubt bool, err error) error {
	if stop := stopped(ctx); stop != nil {
		return stop
	}
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		return err // its real end counts
	}
	over := overTime(limit)
	if mayDoubt {
		return outcomeUnknown("nobody knows whether it happened: %s", over)
	}
	return over
}

// blockingCall outwaits a function that does not listen. Of a write that must not happen twice the real end counts.
func blockingCall[T any](ctx context.Context, around *Around, permits *taken, call func(context.Context) (T, error)) (T, error) {
	var none T
	w := startWork(ctx, 0, func(ctx context.Context) (any, error) { return call(ctx) }, permits)
	timer := time.NewTimer(around.Timeout)
	defer timer.Stop()
	select {
	case <-w.done:
		value, _ := w.value.(T)
		return value, unlessStopped(ctx, w.err)
	case <-ctx.Done():
		if around.Effect == Write && w.settled(settleWithin, nil) && w.err == nil {
			value, _ := w.value.(T)
			return value, nil
		}
		return none, stopped(ctx)
	case <-timer.C:
	}
	over := overTime(around.Timeout)
	if around.Effect != Write || (around.Idempotent && around.InDoubt == Retry) {
		return none, over
	}
	bound := settleWithin
	if around.InDoubt == Retry {
		bound = 0 // nothing more is tried while it runs
	}
	if w.settled(bound, ctx.Done()) {
		value, _ := w.value.(T)
		return value, w.err
	}
	return none, firstError(stoppedError(ctx), outcomeUnknown("nobody knows whether it happened: %s", over))
}
