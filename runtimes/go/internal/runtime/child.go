package runtime

// Sub-workflows: runs of their own, awaited by a step or left to themselves.
// This file knows no steps of theirs. A child's id is `<run>/<key>`, so that asking for it again finds the one that is there.

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// askAgain is how long a child that is to be cancelled has until it is asked again.
const askAgain = time.Second

// Child gives the output of a workflow that runs as this step.
func (s *Step) Child(ctx context.Context, workflow *Workflow, inputs any) (any, error) {
	type end struct {
		output any
		err    error
	}
	given, _ := inputs.(map[string]any)
	run := s.Key()
	// The child's caller is not cancelled with the step: the child's real end counts.
	calling, stopCalling := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stopCalling(errDetached)
	ends := make(chan end, 1)
	go func() {
		output, err := callRun(WithTraceParent(calling, s.run.traceOf(s.key, 1)), workflow, given, run, &parent{run: s.run.id, key: s.key})
		ends <- end{output, err}
	}()
	var got end
	select {
	case got = <-ends:
	case <-ctx.Done():
		stop := stopped(ctx)
		if !stop.isReal() {
			stopCalling(errDetached)
			s.stop = stop
			return nil, stop
		}
		if err := s.cancelChild(run, func() bool {
			select {
			case got = <-ends:
				return true
			case <-time.After(askAgain):
				return false
			case <-s.run.detached.Done():
				return false
			}
		}); err != nil {
			return nil, err
		}
	}
	return s.concluded(ctx, run, got.output, got.err)
}

// cancelChild asks until the child has ended: it may not have begun when it was asked for the first time.
func (s *Step) cancelChild(run string, ended func() bool) error {
	params := map[string]any{"run": run, "reason": fmt.Sprintf("its parent %s was cancelled", s.run.id)}
	var isAsking atomic.Bool
	for s.run.detached.Err() == nil {
		if isAsking.CompareAndSwap(false, true) {
			s.run.session.request("run.cancel", params, func(any, error) { isAsking.Store(false) })
		}
		if ended() {
			return nil
		}
	}
	s.stop = &cancelled{errDetached}
	return s.stop
}

// concluded is what the end of the child means to the step.
func (s *Step) concluded(ctx context.Context, run string, output any, err error) (any, error) {
	switch {
	case err == nil:
		return output, nil
	case errors.Is(err, ErrPaused):
		s.stop = &halt{fmt.Sprintf("the run %s is paused", run), s.key}
		return nil, s.stop
	case errors.Is(err, ErrCancelled) && isOutcomeOf(err, ErrCancelled):
		if stop := stopped(ctx); stop != nil {
			s.cancel(stop)
			return nil, s.stop
		}
		return nil, named("RunCancelled", "the run %s was cancelled", run)
	}
	return nil, causeOf(err)
}

func isOutcomeOf(err, outcome error) bool {
	failure, ok := err.(*WorkflowError)
	return ok && failure.cause == outcome
}

// DetachOptions say which workflow is started.
type DetachOptions struct {
	Task     string
	Workflow *Workflow
	Input    any
	// Tolerated: the step is not critical.
	Tolerated bool
}

// Detach starts a workflow that nobody awaits. The step has succeeded once that is on the disk.
func (r *Run) Detach(ctx context.Context, key string, options DetachOptions) error {
	step := r.Step(key, StepOptions{Task: options.Task, Child: true, Tolerated: options.Tolerated})
	for step.NextAttempt(ctx) {
		inputs, _ := options.Input.(map[string]any)
		if err := r.detachChild(step, options.Workflow, inputs); err != nil {
			step.Fail(err)
			continue
		}
		step.options.Child = false // nothing of it is undone
		step.SucceedNull()
	}
	return step.Err()
}

func (r *Run) detachChild(step *Step, workflow *Workflow, inputs map[string]any) error {
	run := step.Key()
	params := startParams(workflow, inputs, run)
	params["traceparent"] = r.traceOf(step.key, 1)
	caller := &caller{session: r.session, workflow: workflow, run: run, inputs: inputs, params: params, isLeft: true}
	_, local, err := caller.start(WithTraceParent(r.detached, r.traceOf(step.key, 1)))
	if err != nil {
		if r.detached.Err() != nil {
			return &cancelled{errDetached}
		}
		return err
	}
	if local == nil {
		return nil // others have it: what the answer says is on disk
	}
	if err := local.journal.stored(r.detached); err != nil {
		return &cancelled{errDetached}
	}
	return nil
}
