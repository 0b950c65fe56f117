package runtime

// `sleep`, `wait_for` and `emit`: steps that call nothing.
// This file knows what is recorded of them, not who else sends signals.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"conductor.invalid/internal/cel"
)

// WaitOptions say what is waited for.
type WaitOptions struct {
	Signal string
	// Timeout 0 is none.
	Timeout time.Duration
	// Null: the result is null where the time is over; else that is a failure.
	Null bool
	// Tolerated: the step is not critical.
	Tolerated bool
}

// EmitOptions say which signal is sent, and to whom.
type EmitOptions struct {
	Signal string
	Data   any
	// Run is the one that gets it; empty: this one.
	Run     string
	Barrier Barrier
	// Tolerated: the step is not critical.
	Tolerated bool
}

// waitStep is a step that calls nothing, from its start to its end.
type waitStep struct {
	run  *Run
	key  string
	past *past
}

// began takes up what is recorded of the step. Done where there is nothing more to do.
func (r *Run) began(ctx context.Context, key string) (step waitStep, isDone bool, err error) {
	step = waitStep{r, r.prefix + key, r.past(r.prefix + key)}
	switch step.past.outcome {
	case succeeded, tolerated, skipped:
		return step, true, nil
	case failed:
		return step, true, &StepError{step.key, step.past.attempt, recordedError(step.past.err)}
	case wasCancelled:
		return step, true, &cancelled{errDecided}
	}
	if stop := stopped(ctx); stop != nil {
		return step, true, stop
	}
	return step, false, nil
}

// start records the start, unless an earlier life of the run has.
func (s waitStep) start(kind, name string, limit time.Duration) {
	if s.past.isOpen {
		return
	}
	s.past.isOpen = true
	entry := map[string]any{"key": s.key, "task": name, "attempt": int64(0), "kind": kind, "at": nowMillis()}
	if limit > 0 || kind == "sleep" {
		s.past.deadlineAt = nowMillis() + limit.Milliseconds()
		entry["deadline_at"] = s.past.deadlineAt
	}
	s.run.record("step_started", entry)
}

func (s waitStep) succeed(output any, signal string) {
	s.past.outcome, s.past.output = succeeded, output
	entry := map[string]any{"key": s.key, "attempt": int64(0), "output": output, "at": nowMillis()}
	if signal != "" {
		entry["signal"] = signal
	}
	s.run.record("step_succeeded", entry)
}

// stop is what a wait comes to that was cancelled.
func (s waitStep) stop(ctx context.Context) error {
	stop := stopped(ctx)
	if stop.isReal() {
		s.past.outcome = wasCancelled
		s.run.record("step_cancelled", map[string]any{"key": s.key, "unknown": false, "at": nowMillis()})
	}
	return stop
}

// fail records a failure, which may be tolerated.
func (s waitStep) fail(ctx context.Context, err error, isTolerated bool) error {
	s.past.outcome, s.past.attempt, s.past.err = failed, 1, errorForm(err)
	if isTolerated {
		s.past.outcome = tolerated
	}
	entry := map[string]any{"key": s.key, "attempt": int64(1), "error": s.past.err, "tolerated": isTolerated, "at": nowMillis()}
	s.run.record("step_failed", entry)
	if !isTolerated {
		return &StepError{s.key, 1, err}
	}
	if stop := stopped(ctx); stop != nil {
		return stop
	}
	return nil
}

// Sleep lets time pass, counted from the first life of the run that came here.
func (r *Run) Sleep(ctx context.Context, key string, pause time.Duration) error {
	step, isDone, err := r.began(ctx, key)
	if isDone {
		return err
	}
	step.start("sleep", "", max(pause, 0))
	if err := sleep(ctx, time.Until(time.UnixMilli(step.past.deadlineAt))); err != nil {
		return step.stop(ctx)
	}
	step.succeed(nil, "")
	return nil
}

// Pause is that of a loop between two iterations.
func (r *Run) Pause(ctx context.Context, key string, index int, pause time.Duration) error {
	return r.Sleep(ctx, fmt.Sprintf("%s[%d]", key, index), pause)
}

// WaitFor gives the data of the oldest signal of its name that nobody has taken, or of the next.
func (r *Run) WaitFor(ctx context.Context, key string, options WaitOptions) (any, error) {
	step, isDone, err := r.began(ctx, key)
	if isDone {
		return step.past.output, err
	}
	step.start("wait_for", options.Signal, options.Timeout)
	waiting, cancel := ctx, context.CancelFunc(func() {})
	if step.past.deadlineAt != 0 {
		waiting, cancel = context.WithDeadlineCause(ctx, time.UnixMilli(step.past.deadlineAt), errOver)
	}
	defer cancel()
	came, err := r.mailbox.take(waiting, options.Signal)
	var refusal *refused
	switch {
	case err == nil:
		step.succeed(came.data, came.id)
		return came.data, nil
	case ctx.Err() != nil:
		return nil, step.stop(ctx)
	case errors.As(err, &refusal):
		return nil, step.fail(ctx, named("SignalRefused", "%s", refusal.message), options.Tolerated)
	case options.Null:
		step.succeed(nil, "")
		return nil, nil
	}
	message := "the signal `%s` did not come within %d ms"
	over := named("SignalTimeout", message, options.Signal, options.Timeout.Milliseconds()).(*own)
	over.types = append(over.types, "conductor.TimeoutError")
	return nil, step.fail(ctx, &TimeoutError{*over}, options.Tolerated)
}

// Emit sends a signal. It carries the step's key as its id, so that sending it twice counts once.
func (r *Run) Emit(ctx context.Context, key string, options EmitOptions) error {
	step, isDone, err := r.began(ctx, key)
	if isDone {
		return err
	}
	data, err := cel.Encode(options.Data, (*cel.Encoder).Any)
	if err != nil {
		return step.fail(ctx, err, options.Tolerated)
	}
	to := options.Run
	if to == "" {
		to = r.id
	}
	step.start("emit", options.Signal, 0)
	if options.Barrier != BarrierNever {
		if err := r.journal.barrier(ctx); err != nil {
			return step.stop(ctx)
		}
	}
	if err := r.leased(ctx); err != nil {
		return step.stop(ctx)
	}
	params := map[string]any{"run": to, "signal": options.Signal, "id": r.keyOf(step.key), "data": data}
	_, err = r.session.ask(r.detached, "signal.send", params)
	var refusal *refused
	switch {
	case errors.As(err, &refusal):
		return step.fail(ctx, named("SignalRefused", "the run `%s` does not take the signal `%s`: %s", to, options.Signal, refusal.message), options.Tolerated)
	case err != nil:
		return &cancelled{errDetached}
	}
	step.succeed(nil, "")
	return nil
}
