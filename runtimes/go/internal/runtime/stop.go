package runtime

// What a step returns when its run goes no further there, and is no failure.
// This file knows why something stops, not what is recorded of it.

import (
	"context"
	"errors"
)

var (
	// errDecided is the cause of a cancellation that the journal is told of: a sibling failed, a deadline passed, the run
	// was cancelled.
	errDecided = errors.New("cancelled by the workflow")
	// errDetached is the cause of one that only stops the work in this process: the run goes on elsewhere, or later.
	errDetached = errors.New("stopped in this process")
)

// cancelled goes up through what is cancelled.
type cancelled struct{ cause error }

func (c *cancelled) Error() string { return c.cause.Error() }

func (c *cancelled) Unwrap() error { return context.Canceled }

// isReal says whether the workflow itself cancels, so that the journal is to be told.
func (c *cancelled) isReal() bool { return c.cause != errDetached }

// stopped gives what to return where the context is done; nil where it is not.
func stopped(ctx context.Context) *cancelled {
	if ctx.Err() == nil {
		return nil
	}
	return &cancelled{context.Cause(ctx)}
}

// halt stops a run without ending it: a person must look at the step.
type halt struct{ reason, step string }

func (h *halt) Error() string { return h.reason }

// returned ends a workflow with success.
type returned struct{ value any }

func (r *returned) Error() string { return "the workflow returns" }

// Return ends the workflow with a value: encoded in a durable one.
func Return(value any) error { return &returned{value} }

// Returned gives the value with which the workflow ended.
func Returned(err error) (any, bool) {
	ended, ok := err.(*returned)
	if !ok {
		return nil, false
	}
	return ended.value, true
}

// isControl says whether an error is no failure.
func isControl(err error) bool {
	switch err.(type) {
	case *cancelled, *halt, *returned:
		return true
	}
	return false
}

// IsFailure says whether an error is the failure of a step.
func IsFailure(err error) bool { return err != nil && !isControl(err) }

// failureOf gives the failure that an error is; nil where it is none.
func failureOf(err error) *StepError {
	if !IsFailure(err) {
		return nil
	}
	if failure, ok := err.(*StepError); ok {
		return failure
	}
	return &StepError{Err: err}
}

// causeOf gives the user's own error inside one of a workflow that was called as a step.
func causeOf(err error) error {
	for {
		switch known := err.(type) {
		case *WorkflowError:
			if known.cause == nil || isOutcome(known.cause) {
				return err
			}
			err = known.cause
		case *StepError:
			err = known.Err
		default:
			return err
		}
	}
}

func isOutcome(err error) bool {
	return err == ErrCancelled || err == ErrPaused || err == ErrRefused || err == ErrSidecarUnavailable
}

// StepInfo is the step for which the user's code is called.
type StepInfo struct {
	Workflow, Run, Key string
	Attempt            int
}

type stepInfoKey struct{}

// stepContext is the context of a call. Code that the generated package imports cannot import that package: it finds the
// step under a plain text, `ctx.Value("conductor.step")`, as a map of `workflow`, `run`, `key`, `attempt` and `traceparent`.
type stepContext struct {
	context.Context
	info StepInfo
}

func (s stepContext) Value(key any) any {
	switch key {
	case stepInfoKey{}:
		return s.info
	case "conductor.step":
		return map[string]any{
			"workflow": s.info.Workflow, "run": s.info.Run, "key": s.info.Key, "attempt": s.info.Attempt, "traceparent": TraceParent(s.Context),
		}
	}
	return s.Context.Value(key)
}

// CurrentStep gives the step of a durable run for which the code was called.
func CurrentStep(ctx context.Context) (StepInfo, bool) {
	info, ok := ctx.Value(stepInfoKey{}).(StepInfo)
	return info, ok
}
