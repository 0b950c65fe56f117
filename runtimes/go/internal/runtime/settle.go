package runtime

// Unknown outcomes: what becomes of a call whose time is over, or that is cancelled, while it runs. The real end of a
// started write is waited for within a bound, a late outcome is an outcome, and only then `in_doubt` decides.
// This file does not know what is recorded.

import (
	"context"
	"errors"
	"time"
)

// errLost: the process that served a call died in it.
var errLost = errors.New("the process that served the call died in it")

// noWorkerWithin is how long the sidecar may take to say that nobody served a call whose time is over.
const noWorkerWithin = 2 * time.Second

// ended is the end of a call that came by itself.
func (s *Step) ended(w *work) attemptEnd {
	if errors.Is(w.err, errLost) {
		return s.lost()
	}
	return attemptEnd{value: w.value, err: w.err}
}

// lost: nobody knows how far the call came.
func (s *Step) lost() attemptEnd {
	err := outcomeUnknown("nobody knows whether it happened: %s", errLost)
	if s.options.InDoubt == PauseInDoubt {
		return attemptEnd{unknown: true, doubt: err}
	}
	return attemptEnd{unknown: true, err: err}
}

// timedOut: the call has taken too long; `over` says of which limit.
func (s *Step) timedOut(w *work, over error) attemptEnd {
	w.interrupt()
	if !s.isWrite() {
		return attemptEnd{err: noWorker(w, over)}
	}
	if s.mayRepeat() && s.options.InDoubt == Retry && s.options.Blocking {
		s.run.outwait(w) // it goes on beside whatever is tried next
		return attemptEnd{err: over, unknown: true}
	}
	bound := settleWithin
	if !s.mayRepeat() && s.options.InDoubt == Retry {
		bound = 0 // nothing more is tried while it runs, however long that is
	}
	if w.settled(bound, s.run.detached.Done()) && !w.isInterrupted() {
		return s.ended(w)
	}
	switch s.options.InDoubt {
	case PauseInDoubt:
		return attemptEnd{unknown: true, doubt: over}
	case FailInDoubt:
		return attemptEnd{unknown: true, err: outcomeUnknown("nobody knows whether it happened: %s", over)}
	}
	return attemptEnd{err: over, unknown: true}
}

// noWorker names the missing worker where that is why there was no answer in time.
func noWorker(w *work, over error) error {
	if w.ctx.Value(remoteKey{}) == nil || !w.settled(noWorkerWithin, nil) {
		return over
	}
	var recorded *RecordedError
	if errors.As(w.err, &recorded) && matches("NoWorker", recorded.Types, "") {
		return recorded
	}
	return over
}

// cancelledIn: the step is cancelled while its call runs. What a write really comes to is recorded before anything else.
func (s *Step) cancelledIn(ctx context.Context, w *work) attemptEnd {
	stop := stopped(ctx)
	if stop.isReal() || !s.isWrite() {
		w.interrupt()
	}
	if !s.isWrite() {
		return attemptEnd{stop: stop}
	}
	if !w.settled(settleWithin, nil) || w.isInterrupted() {
		w.interrupt()
		return attemptEnd{stop: stop, unknown: true}
	}
	if w.err == nil {
		return attemptEnd{value: w.value}
	}
	return attemptEnd{stop: stop}
}
