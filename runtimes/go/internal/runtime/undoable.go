package runtime

// A write that something undoes, in a workflow that keeps no journal: done, not done, or cut off so that nobody knows.
// This file does not know how it is undone.

import (
	"context"
	"errors"
	"sync"
)

// Undoable watches the attempts of a step.
type Undoable struct {
	unknown func()

	lock         sync.Mutex
	running      int // calls that have begun, and that are not known to have failed
	isUnknown    bool
	hasCompleted bool
}

// NewUndoable begins to watch. `unknown` notes what undoes the step where nobody knows whether it happened.
func NewUndoable(unknown func()) *Undoable { return &Undoable{unknown: unknown} }

// Completed says that the step has a result, which is what is undone, whatever was cut off before.
func (u *Undoable) Completed() {
	u.lock.Lock()
	defer u.lock.Unlock()
	u.hasCompleted = true
}

// Ended is deferred by the step.
func (u *Undoable) Ended() {
	u.lock.Lock()
	isUnknown := u.isUnknown && !u.hasCompleted
	u.lock.Unlock()
	if isUnknown {
		u.unknown()
	}
}

// count adds to the calls that may have happened.
func (u *Undoable) count(calls int) {
	u.lock.Lock()
	defer u.lock.Unlock()
	u.running += calls
}

// attempted says that an attempt has ended. A call of it that is not known to have failed may have happened.
func (u *Undoable) attempted(err error) {
	u.lock.Lock()
	defer u.lock.Unlock()
	u.isUnknown = u.isUnknown || err != nil && u.running > 0
}

// watched is the call as one that may have happened as long as it is not known to have failed.
func watched[T any](undoable *Undoable, call func(context.Context) (T, error)) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) {
		undoable.count(1)
		value, err := guarded(ctx, call)
		if err != nil && !isCutOff(ctx, err) {
			undoable.count(-1)
		}
		return value, err
	}
}

// isCutOff says whether a call ended so that nobody knows how far it got.
func isCutOff(ctx context.Context, err error) bool {
	var unknown *OutcomeUnknown
	if errors.As(err, &unknown) {
		return true
	}
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded))
}
