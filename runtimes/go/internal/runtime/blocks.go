package runtime

// Blocks of workflows with and without a journal: what is common to both.
// This file knows no steps: bodies are functions, and end with an error that says how.

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// blocks are the blocks of a run; without one, those of a workflow that keeps no journal.
type blocks struct{ run *Run }

// nothings are the steps that came to nothing: skipped, or their failure tolerated. No branch of a race wins with that.
type nothings struct {
	lock sync.Mutex
	keys map[string]bool
}

// Nothing marks a step without an id that came to nothing.
func (n *nothings) Nothing(key string) {
	n.lock.Lock()
	defer n.lock.Unlock()
	if n.keys == nil {
		n.keys = map[string]bool{}
	}
	n.keys[key] = true
}

// CameToNothing says whether a step was skipped, or its failure tolerated.
func (n *nothings) CameToNothing(key string) bool {
	n.lock.Lock()
	defer n.lock.Unlock()
	return n.keys[key]
}

// chosen gives a decision of an earlier life of the run.
func (b blocks) chosen(key string) (any, bool) {
	if b.run == nil {
		return nil, false
	}
	return b.run.chosen(key)
}

// choose records a decision that was not computed from recorded values.
func (b blocks) choose(key string, value any) {
	if b.run != nil {
		b.run.choose(key, value)
	}
}

// isDurable says whether steps only read what is recorded when their context is done.
func (b blocks) isDurable() bool { return b.run != nil }

// CaughtFailure is what a `catch` knows of a failure.
type CaughtFailure struct {
	// Type is the name of the type without its package, which other languages do not have.
	Type     string
	Message  string
	Step     string
	Attempts int64
	// Status is the code of the error; nil where it has none.
	Status *int64
}

// Caught gives the failure that a `catch` handles: one that a pattern matches, any where there are none. Nil where it
// handles none.
func (b blocks) Caught(err error, patterns ...string) *CaughtFailure {
	failure := failureOf(err)
	if failure == nil {
		return nil
	}
	cause := causeOf(failure.Err)
	names := typeNames(cause)
	code, hasCode := errorCode(cause)
	if len(patterns) > 0 && !matchesAny(patterns, names, code) {
		return nil
	}
	caught := &CaughtFailure{Message: messageOf(cause), Step: failure.Step, Attempts: int64(failure.Attempts)}
	if recorded, ok := cause.(*RecordedError); ok {
		caught.Message = recorded.Message
	}
	if len(names) > 0 {
		caught.Type = lastPart(names[0])
	}
	if hasCode {
		if number, err := strconv.ParseInt(code, 10, 64); err == nil {
			caught.Status = &number
		}
	}
	return caught
}

// Finally runs the steps of a `finally` where the block came to `err`, and says what it comes to. Neither the
// cancellation that ended the block nor a deadline around it reaches them.
func (b blocks) Finally(ctx context.Context, err error, body func(context.Context) error) error {
	if _, isPaused := err.(*halt); isPaused {
		return err
	}
	_, wasCancelled := err.(*cancelled)
	if wasCancelled && !err.(*cancelled).isReal() {
		return err
	}
	shielded, cancel := b.shielded(ctx)
	defer cancel()
	last := body(shielded)
	if last == nil || (wasCancelled && isFailureOrReturn(last)) {
		return err
	}
	return last
}

func isFailureOrReturn(err error) bool {
	_, returns := err.(*returned)
	return returns || IsFailure(err)
}

// shielded is a context that only the end of the work in this process reaches.
func (b blocks) shielded(ctx context.Context) (context.Context, func()) {
	if b.run == nil {
		return context.WithoutCancel(ctx), func() {}
	}
	inner, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(b.run.detached, func() { cancel(errDetached) })
	return inner, func() {
		stop()
		cancel(errDecided)
	}
}

// Fail is the failure that a `fail` raises: an error with that one name.
func (b blocks) Fail(key, name, message string) error {
	return &StepError{key, 0, &RaisedError{own{[]string{name}, message}}}
}

// Exhausted is the failure of a loop whose bound is reached while its test would go on.
func (b blocks) Exhausted(key string, iterations int) error {
	return &StepError{key, 0, named("LoopExhausted", "not done after %d iterations", iterations)}
}

// Broken is the failure of a step of which an expression has no value.
func (b blocks) Broken(key string, err error) error {
	if !IsFailure(err) {
		return err
	}
	return &StepError{key, 0, err}
}

// Key is before the keys of the steps in an iteration: `each_item[3].`.
func Key(key string, index int) string { return fmt.Sprintf("%s[%d].", key, index) }

// limited is a context that says when the time is over; whoever sets the limit keeps it.
type limited struct {
	context.Context
	at time.Time
}

func (l limited) Deadline() (time.Time, bool) {
	if outer, ok := l.Context.Deadline(); ok && outer.Before(l.at) {
		return outer, true
	}
	return l.at, true
}

// Deadline ends a block when its time is over.
func (b blocks) Deadline(ctx context.Context, key string, limit time.Duration, body func(context.Context) error) error {
	if b.isDurable() {
		return b.run.deadline(ctx, key, limit, body)
	}
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := body(inner)
	if inner.Err() == nil {
		return err
	}
	if _, isPaused := err.(*halt); isPaused {
		return err
	}
	if stop := stopped(ctx); stop != nil {
		return stop
	}
	return &StepError{key, 0, overDeadline(limit)}
}
