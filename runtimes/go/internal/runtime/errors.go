// Package runtime is what generated Go needs while it runs: runs and their journals, policies, blocks, resources.
//
// It knows no workflow: those are plain code, generated beside it.
package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// logger is where the runtime tells what it tolerates, without what is secret.
func logger() *slog.Logger {
	if mask := masker(); mask != nil {
		return slog.New(masking{slog.Default().Handler(), mask})
	}
	return slog.Default()
}

// WorkflowError says that a workflow failed. It wraps the error of the user's own code.
type WorkflowError struct {
	Workflow string
	// Run is the id of the run, empty where the workflow keeps no journal.
	Run string
	// Step is the key of the step that failed, empty where none did.
	Step     string
	Attempts int

	message string
	cause   error
}

func (e *WorkflowError) Error() string { return e.message }

// Unwrap gives the last error of the user's own code, or which of the errors below it is.
func (e *WorkflowError) Unwrap() error { return e.cause }

// What a WorkflowError wraps where the user's code did not fail.
var (
	// ErrCancelled: somebody cancelled the run.
	ErrCancelled = errors.New("the run was cancelled")
	// ErrPaused: the run waits for a person; `conductor show RUN` says why.
	ErrPaused = errors.New("the run is paused")
	// ErrRefused: the sidecar does not let this call start, continue or keep the run.
	ErrRefused = errors.New("the run was refused")
	// ErrSidecarUnavailable: a durable workflow found no sidecar to keep its journal.
	ErrSidecarUnavailable = errors.New("there is no sidecar")
)

func workflowError(workflow, run string, failure *StepError) *WorkflowError {
	var where strings.Builder
	fmt.Fprintf(&where, "workflow %s failed", workflow)
	if failure.Step != "" {
		tries := "1 attempt"
		if failure.Attempts != 1 {
			tries = fmt.Sprintf("%d attempts", failure.Attempts)
		}
		fmt.Fprintf(&where, " at step %s after %s", failure.Step, tries)
	}
	if run != "" {
		fmt.Fprintf(&where, " (run %s)", run)
	}
	message := fmt.Sprintf("%s: %s", &where, textOf(failure.Err))
	return &WorkflowError{workflow, run, failure.Step, failure.Attempts, message, failure.Err}
}

// textOf is what an error says of itself, even where saying so panics.
func textOf(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = "it has no text"
		}
	}()
	return err.Error()
}

// StepError carries the failure of a step up to its workflow. Callers of a workflow see a WorkflowError.
type StepError struct {
	Step     string
	Attempts int
	Err      error
}

func (e *StepError) Error() string { return fmt.Sprintf("step %s: %s", e.Step, textOf(e.Err)) }

// Unwrap gives the error of the user's own code.
func (e *StepError) Unwrap() error { return e.Err }

// own is an error of the runtime's own, with its names in policies and in the journal.
type own struct {
	types   []string
	message string
}

func (e *own) Error() string { return e.message }

// ConductorTypes are the names of the error, most specific first.
func (e *own) ConductorTypes() []string { return e.types }

// RaisedError is what a `fail` of a workflow raises: an error with a name.
type RaisedError struct{ own }

// CircuitOpen says that a circuit breaker lets no call through.
type CircuitOpen struct{ own }

func circuitOpen(name, why string) error {
	return &CircuitOpen{own{[]string{"conductor.CircuitOpen"}, fmt.Sprintf("the circuit breaker of %s is open%s", name, why)}}
}

// TimeoutError says that something took longer than it may.
type TimeoutError struct{ own }

// Timeout makes it a timeout to package net and its kin.
func (e *TimeoutError) Timeout() bool { return true }

// Is makes it a context.DeadlineExceeded to errors.Is.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

func overTime(limit time.Duration) error {
	message := fmt.Sprintf("no answer within %d ms", limit.Milliseconds())
	return &TimeoutError{own{[]string{"conductor.TimeoutError"}, message}}
}

func overDeadline(limit time.Duration) error {
	message := fmt.Sprintf("not done within %d ms", limit.Milliseconds())
	return &TimeoutError{own{[]string{"conductor.DeadlineExceeded", "conductor.TimeoutError"}, message}}
}

func isDeadlineExceeded(err error) bool {
	var timeout *TimeoutError
	return errors.As(err, &timeout) && timeout.types[0] == "conductor.DeadlineExceeded"
}

// OutcomeUnknown says that a write was started and nobody can tell whether it happened.
type OutcomeUnknown struct{ own }

func outcomeUnknown(format string, args ...any) error {
	return &OutcomeUnknown{own{[]string{"conductor.OutcomeUnknown"}, fmt.Sprintf(format, args...)}}
}

func named(name, format string, args ...any) error {
	return &own{[]string{"conductor." + name}, fmt.Sprintf(format, args...)}
}

// Panic is a panic of the user's code, as the error of its attempt.
type Panic struct {
	// Value is what the code panicked with.
	Value any
	stack string
}

func (e *Panic) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap gives the error that the code panicked with, where it was one.
func (e *Panic) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// ConductorTypes are the names of the error, most specific first.
func (e *Panic) ConductorTypes() []string { return []string{"conductor.Panic"} }
