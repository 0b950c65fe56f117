package runtime

// A durable run while it is executed here: what its generated code is given.
// This file knows neither how the run began nor what its end means to callers.

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Run is one run, from its inputs to its steps.
type Run struct {
	blocks
	id       string
	workflow *Workflow
	session  *session
	journal  *journal // nil where nothing is recorded
	history  *history
	mailbox  *mailbox
	// prefix is before the keys of steps that undo another run.
	prefix string
	// undone is the id of that run, where this is one.
	undone string
	// detached is done when the work ends in this process, whatever the run comes to.
	detached context.Context

	unsettled *workList
	*nothings
}

// workList are writes that were given up and may still be running.
type workList struct {
	lock sync.Mutex
	list []*work
}

func newRun(id string, workflow *Workflow, session *session, journal *journal, history *history, mailbox *mailbox, detached context.Context) *Run {
	run := &Run{
		id: id, workflow: workflow, session: session, journal: journal, history: history, mailbox: mailbox,
		detached: detached, unsettled: &workList{}, nothings: &nothings{},
	}
	run.blocks = blocks{run}
	return run
}

// ID is the run's id.
func (r *Run) ID() string { return r.id }

// Input are the inputs as they are recorded.
func (r *Run) Input() map[string]any {
	if r.history.input == nil {
		return map[string]any{}
	}
	return r.history.input
}

// keyOf is the idempotency key of a step.
func (r *Run) keyOf(key string) string { return r.history.keyOf(r.id, key) }

func (r *Run) past(key string) *past { return r.history.past(key) }

func (r *Run) chosen(key string) (any, bool) {
	r.history.lock.Lock()
	defer r.history.lock.Unlock()
	value, ok := r.history.chosen[r.prefix+key]
	return value, ok
}

func (r *Run) choose(key string, value any) {
	key = r.prefix + key
	r.history.lock.Lock()
	r.history.chosen[key] = value
	r.history.lock.Unlock()
	r.record("chosen", map[string]any{"key": key, "value": value, "at": nowMillis()})
}

func (r *Run) record(kind string, fields map[string]any) {
	r.journal.record(kind, fields)
}

// recordDone records the end of a step, and what undoes it at the same place.
func (r *Run) recordDone(kind string, fields map[string]any, undo *undoing) {
	if undo != nil {
		fields["undo"] = undo.args
	}
	r.history.lock.Lock()
	defer r.history.lock.Unlock()
	if undo != nil {
		r.history.undo = append(r.history.undo, *undo)
	}
	r.record(kind, fields)
}

func (r *Run) recordEntry(entry []byte, undo *undoing) {
	r.history.lock.Lock()
	defer r.history.lock.Unlock()
	if undo != nil {
		r.history.undo = append(r.history.undo, *undo)
	}
	r.journal.recordText(entry)
}

// leased waits until this process may begin attempts.
func (r *Run) leased(ctx context.Context) error {
	if r.journal == nil {
		return nil
	}
	if err := r.session.lease.wait(ctx); err != nil {
		return err
	}
	if state, _ := r.journal.state(); state == lost {
		return context.Canceled // the run's context will be, too, a moment later
	}
	return nil
}

func (r *Run) valueLimit() int {
	r.session.lock.Lock()
	defer r.session.lock.Unlock()
	return r.session.valueBytes
}

// outwait lets a write that was given up go on; the run does not end before it has.
func (r *Run) outwait(w *work) {
	r.unsettled.lock.Lock()
	defer r.unsettled.lock.Unlock()
	left := r.unsettled.list[:0]
	for _, each := range r.unsettled.list {
		if !each.hasEnded() {
			left = append(left, each)
		}
	}
	r.unsettled.list = append(left, w)
}

// settle waits for writes that were left running, each within the bound.
func (r *Run) settle() {
	r.unsettled.lock.Lock()
	left := r.unsettled.list
	r.unsettled.list = nil
	r.unsettled.lock.Unlock()
	for _, each := range left {
		each.settled(settleWithin, r.detached.Done())
	}
}

// Skip records a step whose `when` does not hold.
func (r *Run) Skip(key string) {
	r.Nothing(key)
	key = r.prefix + key
	past := r.past(key)
	if past.outcome == none {
		past.outcome = skipped
		r.record("step_skipped", map[string]any{"key": key, "at": nowMillis()})
	}
}

// Overlook takes a failure of a block that has no id of its own and is not critical for null: nothing is recorded.
func (r *Run) Overlook(key string, err error) error {
	failure := failureOf(err)
	if failure == nil {
		return err
	}
	r.Nothing(key)
	logger().Warn("a failure is tolerated", "run", r.id, "step", r.prefix+key, "error", textOf(causeOf(failure.Err)))
	return nil
}

// Tolerate records that a block that is not critical has failed. What is no failure goes on up.
func (r *Run) Tolerate(key string, err error) error {
	if err := r.Overlook(key, err); err != nil {
		return err
	}
	failure := failureOf(err)
	if failure == nil {
		return nil
	}
	key = r.prefix + key
	past := r.past(key)
	if past.outcome == none {
		past.outcome = tolerated
		cause := causeOf(failure.Err)
		entry := map[string]any{
			"key": key, "attempt": int64(failure.Attempts), "error": errorForm(cause), "tolerated": true, "at": nowMillis(),
		}
		r.record("step_failed", entry)
	}
	return nil
}

// deadline ends a block when its time is over, counted from when it began in whatever process.
func (r *Run) deadline(ctx context.Context, key string, limit time.Duration, body func(context.Context) error) error {
	begin := key + ".deadline"
	var at int64
	if known, ok := r.chosen(begin); ok {
		at = number(known)
	} else {
		at = nowMillis() + limit.Milliseconds()
		r.choose(begin, at)
	}
	return r.until(ctx, key, at, limit, body)
}

func (r *Run) until(ctx context.Context, key string, at int64, limit time.Duration, body func(context.Context) error) error {
	inner, cancel := context.WithCancelCause(limited{ctx, time.UnixMilli(at)})
	defer cancel(errDecided)
	var lock sync.Mutex
	hasEnded := false
	_, isOver := r.chosen(key + ".expired")
	if isOver {
		cancel(errDecided)
	} else {
		timer := time.AfterFunc(time.Until(time.UnixMilli(at)), func() {
			lock.Lock()
			defer lock.Unlock()
			if !hasEnded {
				isOver = true
				r.choose(key+".expired", true)
				cancel(errDecided)
			}
		})
		defer timer.Stop()
	}
	err := body(inner)
	lock.Lock()
	defer lock.Unlock()
	hasEnded = true
	if !isOver {
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

// pathOf is a step's key without the indexes of maps and loops, as generated code knows the step.
func pathOf(key string) string {
	var path strings.Builder
	for {
		before, rest, ok := strings.Cut(key, "[")
		path.WriteString(before)
		if !ok {
			return path.String()
		}
		_, key, _ = strings.Cut(rest, "]")
	}
}
