package runtime

// A context that costs nothing where nobody listens to it: the standard one behind it, with its timer, is made for the first who
// does.
// This file knows no step.

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// lazy can be cancelled with a cause, and is over at its deadline where it has one.
type lazy struct {
	parent   context.Context
	deadline time.Time // zero where it has none

	isTouched atomic.Bool // whether it is more than its parent and its deadline: known without the lock, for who only asks
	lock      sync.Mutex
	standard  context.Context // nil until somebody listens
	cancel    func(cause error)
	cause     error // why it was cancelled before that
}

// stop cancels it; the first cause counts.
func (l *lazy) stop(cause error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.standard != nil {
		l.cancel(cause)
	} else if l.cause == nil {
		l.cause = cause
		l.isTouched.Store(true)
	}
}

func (l *lazy) Deadline() (time.Time, bool) {
	at, ok := l.parent.Deadline()
	if l.deadline.IsZero() || ok && at.Before(l.deadline) {
		return at, ok
	}
	return l.deadline, true
}

func (l *lazy) Done() <-chan struct{} { return l.made().Done() }

func (l *lazy) Err() error {
	if !l.isTouched.Load() && l.parent.Err() == nil && (l.deadline.IsZero() || time.Until(l.deadline) > 0) {
		return nil
	}
	return l.made().Err()
}

// Value finds what the standard library keeps in its own contexts, under pointers to numbers, in the one behind it: children
// hang on to that directly, and a cause is asked for there.
func (l *lazy) Value(key any) any {
	if _, isStandard := key.(*int); isStandard {
		return l.made().Value(key)
	}
	return l.parent.Value(key)
}

func (l *lazy) made() context.Context {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.madeLocked()
}

func (l *lazy) madeLocked() context.Context {
	if l.standard == nil {
		l.isTouched.Store(true)
		cancelled, cancel := context.WithCancelCause(l.parent)
		l.standard, l.cancel = cancelled, cancel
		if !l.deadline.IsZero() {
			timed, stop := context.WithDeadline(cancelled, l.deadline)
			l.standard, l.cancel = timed, func(cause error) { cancel(cause); stop() }
		}
		if l.cause != nil {
			l.cancel(l.cause)
		}
	}
	return l.standard
}
