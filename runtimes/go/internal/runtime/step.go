package runtime

// One step of a durable run: what is recorded of it, before, between and after its attempts.
// This file decides neither whether to try again nor how long to wait: that stands in the generated loop.

import (
	"context"
	"errors"
	"time"

	"conductor.invalid/internal/cel"
)

// Effect is what a call does to the world.
type Effect int

// The effects, the default first.
const (
	Write Effect = iota
	Read
	None
)

// InDoubt says what follows a write of which nobody can tell whether it happened.
type InDoubt int

// What may follow: another attempt (the default), failure, a person.
const (
	Retry InDoubt = iota
	FailInDoubt
	PauseInDoubt
)

// Barrier says whether an attempt waits for the disk before it begins.
type Barrier int

// By default writes wait.
const (
	BarrierByEffect Barrier = iota
	BarrierAlways
	BarrierNever
)

// Hedge makes Max further calls, one each After, while none has ended.
type Hedge struct {
	After time.Duration
	Max   int
}

// StepOptions are the limits of a step's policy and what its task is like.
type StepOptions struct {
	// Task is the id of the task; by default the step's.
	Task       string
	Effect     Effect
	Idempotent bool
	InDoubt    InDoubt
	Barrier    Barrier
	// Tolerated: the step is not critical.
	Tolerated bool
	// Blocking: the function takes no context, and so does not listen.
	Blocking bool
	// Child: the step is another workflow's run.
	Child   bool
	Timeout time.Duration
	// Policy: people may change the time of an attempt while it is tried again.
	Policy     *LivePolicy
	Deadline   time.Duration
	Fallback   bool
	Uses       []*Pool
	Breaker    *Breaker
	BreakerKey any
	RateLimit  *RateLimit
	Bulkhead   *Bulkhead
	Hedge      Hedge
	Cache      *Cache
	CacheKey   any
	// Undo gives the arguments of the compensation; the result is nil where nobody knows it.
	Undo func(result any) (any, error)
}

// Step is a step that is being executed, or was in an earlier life of the run.
type Step struct {
	run     *Run
	key     string
	options StepOptions
	past    *past
	ctx     context.Context

	hasBegun bool
	refusal  error // of the breaker: there is no attempt
	guarded  breakerCall
	taken    *taken // of the attempt that is to be made
	task     *taken // what counts for the whole attempt, hedges included
	failure  error
	stop     error // what is no failure, and goes up
	inside   []localUndo
}

// Step begins a step, or takes up what is recorded of it.
func (r *Run) Step(key string, options StepOptions) *Step {
	key = r.prefix + key
	if options.Task == "" {
		options.Task = key
	}
	return &Step{run: r, key: key, options: options, past: r.past(key), ctx: context.Background()}
}

// Key is the idempotency key: the same at every attempt, here and after a crash.
func (s *Step) Key() string { return s.run.keyOf(s.key) }

// Failures counts the attempts that failed before this one, in whatever process.
func (s *Step) Failures() int { return s.past.failures }

// Exhausted says whether all attempts have failed, in whatever process, and the fallback is still to be asked.
func (s *Step) Exhausted() bool {
	return s.past.exhausted != nil && s.past.outcome == none && s.stop == nil
}

func (s *Step) isWrite() bool { return s.options.Effect == Write }

func (s *Step) mayRepeat() bool { return s.options.Idempotent || !s.isWrite() }

// NextAttempt begins an attempt where one is needed: it waits out the pause, for permits, for the disk before a write.
func (s *Step) NextAttempt(ctx context.Context) bool {
	if s.stop != nil || s.past.outcome != none {
		return false
	}
	s.ctx, s.refusal = ctx, nil
	if s.past.exhausted != nil {
		if !s.options.Fallback {
			s.fail(recordedError(s.past.exhausted)) // only a person can have said so
		}
		return false
	}
	if !s.hasBegun {
		s.hasBegun = true
		if !s.firstTime(ctx) {
			return false
		}
	}
	if s.options.Child && s.past.isOpen {
		s.past.isOpen = false
		return true // another process began it, and it goes on, whether or not it is to be cancelled
	}
	waiting, cancel := s.withinDeadline(ctx)
	defer cancel()
	if err := s.backOff(waiting); err != nil {
		s.interrupted(ctx, err)
		return false
	}
	if breaker := s.options.Breaker; breaker != nil {
		s.guarded, s.refusal = breaker.begin(waiting, s.options.BreakerKey)
		if s.refusal != nil && isControl(s.refusal) {
			err := s.refusal
			s.refusal = nil
			s.interrupted(ctx, err)
			return false
		}
		if s.refusal != nil {
			return true // there is no attempt, but the generated loop decides what follows
		}
	}
	before := s.past.attempt
	if err := s.begin(waiting); err != nil {
		s.past.attempt = before // it was not begun
		s.giveBack()
		s.report(&cancelled{errDecided})
		s.interrupted(ctx, err)
		return false
	}
	return true
}

// firstTime settles what an earlier life of the run left open. False where there is nothing to begin.
func (s *Step) firstTime(ctx context.Context) bool {
	if stop := stopped(ctx); stop != nil && !s.past.isOpen {
		s.stop = stop
		return false
	}
	if s.options.Cache != nil && !s.past.isOpen {
		if value, ok := s.options.Cache.get(s.options.CacheKey); ok {
			s.succeed(value, false)
			return false
		}
	}
	if s.past.isOpen && !s.options.Child {
		if !s.cutOff(ctx) {
			return false
		}
	}
	if s.past.deadlineAt == 0 && s.options.Deadline > 0 {
		s.past.deadlineAt = nowMillis() + s.options.Deadline.Milliseconds()
	}
	return true
}

// cutOff: the last attempt has no outcome, and this process did not make it. Only a write's matters.
func (s *Step) cutOff(ctx context.Context) bool {
	s.past.isOpen = false
	if !s.isWrite() {
		return true
	}
	s.past.unknown = true
	switch s.options.InDoubt {
	case PauseInDoubt:
		s.doubt(outcomeUnknown("attempt %d was cut off", s.past.attempt))
		return false
	case FailInDoubt:
		s.giveUp(outcomeUnknown("attempt %d was cut off; nobody knows whether it happened", s.past.attempt))
		return false
	}
	if stop := stopped(ctx); stop != nil {
		s.cancel(stop)
		return false
	}
	return true
}

// errOver is the cause of a context whose time is over because the step's is.
var errOver = errors.New("the time of the step is over")

func (s *Step) withinDeadline(ctx context.Context) (context.Context, func()) {
	if s.past.deadlineAt == 0 {
		return ctx, func() {}
	}
	inner, cancel := context.WithDeadlineCause(ctx, time.UnixMilli(s.past.deadlineAt), errOver)
	return inner, cancel
}

// backOff waits out the pause after a failure; one that would end after the deadline is not begun.
func (s *Step) backOff(ctx context.Context) error {
	at := s.past.retryAt
	s.past.retryAt = 0
	if at == 0 {
		return context.Cause(ctx)
	}
	if s.past.deadlineAt != 0 && s.past.deadlineAt < at {
		return errOver
	}
	// A clock that was set back since must not make the wait longer than it was meant to be.
	pause := min(at-nowMillis(), s.past.delay)
	return sleep(ctx, time.Duration(pause)*time.Millisecond)
}

// begin takes what the attempt needs, and records its start.
func (s *Step) begin(ctx context.Context) error {
	s.task, s.taken = &taken{}, &taken{}
	if limit := s.options.RateLimit; limit != nil {
		if err := limit.wait(ctx); err != nil {
			return err
		}
	}
	if bulkhead := s.options.Bulkhead; bulkhead != nil {
		if err := bulkhead.take(ctx); err != nil {
			return err
		}
		s.task.add(bulkhead.giveBack)
	}
	if err := takeAll(ctx, s.taken, s.run.session, s.options.Uses); err != nil {
		return err
	}
	if err := s.run.leased(ctx); err != nil {
		return err
	}
	s.recordStart()
	if s.options.Barrier == BarrierAlways || (s.options.Barrier == BarrierByEffect && s.isWrite()) {
		if err := s.run.journal.barrier(ctx); err != nil {
			return err
		}
		if err := s.run.leased(ctx); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

func (s *Step) recordStart() {
	s.past.attempt++
	entry := map[string]any{"key": s.key, "task": s.options.Task, "attempt": int64(s.past.attempt), "at": nowMillis()}
	if s.past.deadlineAt != 0 {
		entry["deadline_at"] = s.past.deadlineAt
	}
	s.run.record("step_started", entry)
}

// giveBack gives back what the attempt holds.
func (s *Step) giveBack() {
	if s.taken != nil {
		s.taken.giveBack()
		s.task.giveBack()
	}
}

// interrupted: a wait of the step ended without what was waited for.
func (s *Step) interrupted(ctx context.Context, err error) {
	if stop := stopped(ctx); stop != nil {
		s.cancel(stop)
		return
	}
	if errors.Is(err, errOver) || errors.Is(err, context.DeadlineExceeded) {
		s.giveUp(overDeadline(s.options.Deadline))
		return
	}
	s.giveUp(err)
}

// report tells the breaker how the call ended.
func (s *Step) report(err error) {
	if s.refusal == nil {
		s.guarded.done(err)
	}
}

// doubt: a write of which nobody can tell whether it happened, and a person must.
func (s *Step) doubt(err error) {
	entry := map[string]any{"key": s.key, "attempt": int64(s.past.attempt), "error": errorForm(err), "at": nowMillis()}
	s.run.record("step_in_doubt", entry)
	s.stop = &halt{"the outcome of " + s.key + " is unknown", s.key}
}

// cancel: the step is cancelled after it was begun. Where the work only stops in this process, it goes on later.
func (s *Step) cancel(stop *cancelled) {
	if s.past.unknown && s.options.InDoubt == PauseInDoubt && s.options.Undo == nil {
		s.doubt(outcomeUnknown("it was cancelled while it ran"))
		return
	}
	s.stop = stop
	if !stop.isReal() {
		return
	}
	unknown := s.past.unknown && s.isWrite()
	entry := map[string]any{"key": s.key, "unknown": unknown, "at": nowMillis()}
	s.run.recordDone("step_cancelled", entry, s.undoing(unknown, nil))
}

// UndoWith says how to undo what a workflow without a journal did that was the attempt. The journal cannot keep it: another
// process asks a person.
func (s *Step) UndoWith(key string, undo func(context.Context) error) {
	s.inside = append(s.inside, localUndo{key, undo})
}

// undoing gives what undoes the step: its arguments are computed now. Nil where there is nothing to undo.
func (s *Step) undoing(hasHappened bool, result any) *undoing {
	if s.inside != nil {
		lost := named("ExpressionError", "it has no journal, and its process is gone")
		return &undoing{key: s.key, args: map[string]any{"": errorForm(lost)}, inside: s.inside}
	}
	if s.options.Undo == nil || !hasHappened {
		return nil
	}
	args, err := s.options.Undo(result)
	if err != nil {
		return &undoing{key: s.key, args: map[string]any{"": errorForm(err)}}
	}
	return &undoing{key: s.key, args: args}
}

// Retry records a failure that another attempt follows, after a pause.
func (s *Step) Retry(err error, pause time.Duration) {
	if s.stop != nil || isControl(err) {
		s.stopBy(err)
		return
	}
	now := nowMillis()
	s.past.failures++
	s.past.delay = pause.Milliseconds()
	s.past.retryAt = now + s.past.delay
	entry := map[string]any{
		"key": s.key, "attempt": int64(s.past.attempt), "error": errorForm(causeOf(err)), "retry_at": s.past.retryAt, "at": now,
	}
	s.run.record("attempt_failed", entry)
}

// Fail records that no attempt follows: the failure of the step, or that its fallback is to be asked.
func (s *Step) Fail(err error) {
	if s.stop != nil || isControl(err) {
		s.stopBy(err)
		return
	}
	s.giveUp(err)
}

func (s *Step) stopBy(err error) {
	if s.stop == nil {
		s.stop = err
	}
}

func (s *Step) giveUp(err error) {
	var expression *cel.Error
	if s.options.Fallback && s.past.exhausted == nil && !errors.As(err, &expression) {
		s.past.exhausted = errorForm(causeOf(err))
		entry := map[string]any{"key": s.key, "attempt": int64(s.past.attempt), "error": s.past.exhausted, "at": nowMillis()}
		s.run.record("attempt_failed", entry)
		return
	}
	s.fail(err)
}

func (s *Step) fail(err error) {
	cause := causeOf(err)
	s.failure = cause
	s.past.err = errorForm(cause)
	s.past.outcome = failed
	if s.options.Tolerated {
		s.past.outcome = tolerated
		logger().Warn("a failure is tolerated", "run", s.run.id, "step", s.key, "error", textOf(cause))
	}
	entry := map[string]any{
		"key": s.key, "attempt": int64(s.past.attempt), "error": s.past.err, "tolerated": s.options.Tolerated, "at": nowMillis(),
	}
	s.run.recordDone("step_failed", entry, s.undoing(s.past.unknown, nil))
	if s.options.Tolerated {
		s.goOn()
	}
}

// goOn: what is recorded is recorded; but a block that was cancelled meanwhile does not go on.
func (s *Step) goOn() {
	if stop := stopped(s.ctx); stop != nil && s.stop == nil {
		s.stop = stop
	}
}

// Invalid is the failure of a step whose arguments have no value: there is no call that something could stand in for.
func (s *Step) Invalid(err error) error {
	if s.past.outcome == none && IsFailure(err) {
		s.fail(err)
	}
	return s.Err()
}
