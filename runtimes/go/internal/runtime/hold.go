package runtime

// `hold`: a permit, or a connection, over several steps.
// This file knows no clients. It is not re-entrant: an inner use of a held semaphore takes another permit; a held connection
// goes to the inner steps that use its resource.

import (
	"context"

	"conductor.invalid/internal/cel"
)

// Hold keeps a permit while the body runs.
func (b blocks) Hold(ctx context.Context, key string, pool *Pool, body func(context.Context) error) error {
	if ctx.Err() != nil {
		return body(ctx) // what is recorded is only read: nothing is taken for that
	}
	permit := &taken{}
	var session *session
	if b.run != nil {
		session = b.run.session
	}
	if err := pool.take(ctx, permit, session); err != nil {
		if stop := stopped(ctx); stop != nil {
			return stop
		}
		return &StepError{key, 0, err}
	}
	defer permit.giveBack()
	return body(holding(ctx, pool))
}

// Atomic is the execution of a block that is one step of the run: what happens inside is not recorded.
func (r *Run) Atomic() Local {
	return Local{workflow: r.workflow.Name, named: r.id, made: &localState{id: r.id, around: r}}
}

// InStep is the context of an attempt inside of an atomic block: it says which step that is, as those outside do.
func (l *Local) InStep(ctx context.Context, key string, attempt int) context.Context {
	run := l.state().around
	key = run.prefix + key
	info := StepInfo{l.workflow, run.id, key, attempt}
	return stepContext{WithTraceParent(ctx, run.traceOf(key, attempt)), info}
}

// HoldAtomic is a hold that is one step to the journal: nothing inside is recorded, and after a death all of it is done
// again. It gives what the body came to, as it is recorded.
func (r *Run) HoldAtomic(ctx context.Context, key string, pool *Pool, inside *Local, body func(context.Context) (any, error)) (any, error) {
	return r.holdAtomic(ctx, key, pool, inside, false, body)
}

// HoldAtomicTolerated is one that is not critical: its failure is recorded as such, and given to whoever tolerates it.
func (r *Run) HoldAtomicTolerated(ctx context.Context, key string, pool *Pool, inside *Local, body func(context.Context) (any, error)) (any, error) {
	return r.holdAtomic(ctx, key, pool, inside, true, body)
}

func (r *Run) holdAtomic(ctx context.Context, key string, pool *Pool, inside *Local, isTolerated bool, body func(context.Context) (any, error)) (output any, err error) {
	step, isDone, err := r.began(ctx, key)
	if isDone {
		if step.past.outcome == tolerated {
			err = &StepError{step.key, step.past.attempt, recordedError(step.past.err)}
		}
		return step.past.output, err
	}
	err = r.Hold(ctx, key, pool, func(ctx context.Context) error {
		output, err = r.atomic(ctx, step, inside.state(), isTolerated, body)
		return err
	})
	return output, err
}

func (r *Run) atomic(ctx context.Context, step waitStep, inside *localState, isTolerated bool, body func(context.Context) (any, error)) (any, error) {
	if err := r.leased(ctx); err != nil {
		return nil, step.stop(ctx)
	}
	r.record("step_started", map[string]any{"key": step.key, "task": step.key, "attempt": int64(1), "at": nowMillis()})
	if err := r.journal.barrier(ctx); err != nil {
		return nil, step.stop(ctx)
	}
	output, err := body(ctx)
	undo := inside.undoing(step.key)
	if err == nil {
		if size, limit := len(cel.JSON(output)), r.valueLimit(); size > limit {
			err = cel.NewResultError("the results have %d bytes as JSON, the limit is %d", size, limit)
		}
	}
	if failure := failureOf(err); failure != nil {
		return nil, step.failed(causeOf(failure.Err), isTolerated, undo)
	}
	if err != nil {
		r.remember(undo) // nothing is recorded: after a death it is done again
		return nil, err
	}
	step.past.outcome, step.past.output = succeeded, output
	r.recordDone("step_succeeded", map[string]any{"key": step.key, "attempt": int64(1), "output": output, "at": nowMillis()}, undo)
	return output, nil
}

// failed records that the block has failed, whatever step inside of it did.
func (s waitStep) failed(err error, isTolerated bool, undo *undoing) error {
	s.past.outcome, s.past.attempt, s.past.err = failed, 1, errorForm(err)
	if isTolerated {
		s.past.outcome = tolerated
		logger().Warn("a failure is tolerated", "run", s.run.id, "step", s.key, "error", textOf(err))
	}
	entry := map[string]any{"key": s.key, "attempt": int64(1), "error": s.past.err, "tolerated": isTolerated, "at": nowMillis()}
	s.run.recordDone("step_failed", entry, undo)
	return &StepError{s.key, 1, err}
}

// Undoes notes with what a step inside of an atomic block is undone: the entry of the block keeps it.
func (l *Local) Undoes(key string, output any, err error, undo func(output any) (any, error)) {
	var args any
	if err == nil {
		args, err = undo(output)
	}
	if err != nil {
		args = map[string]any{"": errorForm(err)}
	}
	state := l.state()
	state.lock.Lock()
	defer state.lock.Unlock()
	state.undone = append(state.undone, []any{key, args})
}

// undoing is what must be done to undo an atomic block: its steps with their arguments, in the order in which they
// completed. Nil where that is nothing.
func (s *localState) undoing(key string) *undoing {
	s.lock.Lock()
	defer s.lock.Unlock()
	if len(s.undone) == 0 {
		return nil
	}
	return &undoing{key: key, args: s.undone}
}

// remember is for what no entry tells: this process undoes it.
func (r *Run) remember(undo *undoing) {
	if undo == nil {
		return
	}
	r.history.lock.Lock()
	defer r.history.lock.Unlock()
	r.history.undo = append(r.history.undo, *undo)
}
