package runtime

// What the runtime is told of a generated workflow.
// This file knows no steps: those are plain code in the workflow's file.

import (
	"context"
	"fmt"
	"time"
)

// Workflow is a durable workflow.
type Workflow struct {
	// Name is its id in the manifest.
	Name string
	// Plan is the digest of its Plan.
	Plan string
	// Body are its steps, from a run to the output as JSON.
	Body func(ctx context.Context, run *Run) (any, error)
	// Deadline counts from a run's start.
	Deadline time.Duration
	// Undo are the compensations by the path of the step: its key without indexes.
	Undo map[string]Undo
	// Children are the awaited sub-workflows by the path of the step.
	Children    map[string]*Workflow
	Concurrency *Concurrency
	Schedule    *Schedule
	// Secret are the names of the inputs that nobody may see.
	Secret []string
	// Plans are those of the build, as JSON, for a sidecar that does not have them.
	Plans string
}

// Schedule is when the sidecar begins runs of a workflow by itself.
type Schedule struct {
	// Cron has minute, hour, day of the month, month and day of the week.
	Cron string
	// TimeZone is a name of the IANA database.
	TimeZone string
	// Missed is what becomes of times at which nobody served: skip, once or all.
	Missed string
}

// served is what the sidecar is told of the workflow by a process that serves it.
func (w *Workflow) served() map[string]any {
	described := map[string]any{"workflow": w.Name, "digest": w.Plan}
	if w.Schedule != nil {
		described["schedule"] = map[string]any{"cron": w.Schedule.Cron, "time_zone": w.Schedule.TimeZone, "missed": w.Schedule.Missed}
	}
	if len(w.Secret) > 0 {
		described["secret"] = w.secretNames()
	}
	return described
}

func (w *Workflow) secretNames() []any {
	names := make([]any, len(w.Secret))
	for index, name := range w.Secret {
		names[index] = name
	}
	return names
}

// Undo undoes the step of a key, with the arguments that were recorded when it completed.
type Undo func(ctx context.Context, run *Run, key string, args any) error

// Concurrency bounds how many runs go on at the same time, of all or of each value of the key.
type Concurrency struct {
	Limit int
	Key   func(inputs map[string]any) (any, error)
}

// Option is one of a call of a workflow.
type Option func(*callOptions)

type callOptions struct {
	runID  *string
	parent undoer
}

// undoer undoes what a workflow without a journal did that is one of its steps, should it fail later.
type undoer interface {
	UndoWith(key string, undo func(context.Context) error)
}

// WithRunID names the run: one that exists is waited for, or continued.
func WithRunID(id string) Option {
	return func(options *callOptions) { options.runID = &id }
}

// ChildOf says which workflow, or which step of a durable one, awaits the call.
func ChildOf(parent undoer) Option {
	return func(options *callOptions) { options.parent = parent }
}

func optionsOf(options []Option) callOptions {
	var made callOptions
	for _, each := range options {
		each(&made)
	}
	return made
}

// InputError says that an input cannot be recorded.
func InputError(workflow string, err error) error {
	return &WorkflowError{Workflow: workflow, message: fmt.Sprintf("workflow %s: an input cannot be recorded: %s", workflow, err), cause: err}
}
