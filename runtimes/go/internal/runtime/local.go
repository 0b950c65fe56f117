package runtime

// A workflow that keeps no journal, while it is executed.
// This file knows no policies of calls; those stand in `try.go`.

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Local is the execution of a workflow that keeps no journal. It stands on its caller's stack: what must not is made when
// it is first needed.
type Local struct {
	blocks
	workflow string
	named    string
	made     *localState // guarded by localLock
}

// localLock is that of all executions: a lock or an atomic in one of them would put each on the heap.
var localLock sync.Mutex

// localState is what few workflows need.
type localState struct {
	nothings
	lock  sync.Mutex
	id    string
	undos []localUndo // in the order in which they completed
	// around is the durable run of which this is one step.
	around *Run
	// undone are the steps of the block that can be undone: pairs of a key and arguments.
	undone []any
	// parent is the one whose step this is; it undoes what was done here, should it fail later.
	parent undoer
}

type localUndo struct {
	key  string
	undo func(context.Context) error
}

// NewLocal begins an execution.
func NewLocal(workflow string, options []Option) Local {
	if len(options) == 0 {
		return Local{workflow: workflow}
	}
	return newLocal(workflow, options)
}

func newLocal(workflow string, options []Option) Local {
	given := optionsOf(options)
	local := Local{workflow: workflow}
	if given.runID != nil {
		local.named = *given.runID
	}
	if given.parent != nil {
		local.made = &localState{id: local.named, parent: given.parent}
	}
	return local
}

func (l *Local) state() *localState {
	localLock.Lock()
	defer localLock.Unlock()
	if l.made == nil {
		l.made = &localState{id: l.named}
	}
	return l.made
}

// known is the state, where there is one.
func (l *Local) known() *localState {
	localLock.Lock()
	defer localLock.Unlock()
	return l.made
}

// ID is the run's id, made when somebody asks for it.
func (l *Local) ID() string {
	state := l.state()
	state.lock.Lock()
	defer state.lock.Unlock()
	if state.id == "" {
		state.id = newID()
	}
	return state.id
}

// knownID is the run's id, where there is one.
func (l *Local) knownID() string {
	state := l.known()
	if state == nil {
		return l.named
	}
	state.lock.Lock()
	defer state.lock.Unlock()
	return state.id
}

// Nothing marks a step without an id that came to nothing.
func (l *Local) Nothing(key string) { l.state().Nothing(key) }

// CameToNothing says whether a step was skipped, or its failure tolerated.
func (l *Local) CameToNothing(key string) bool { return l.state().CameToNothing(key) }

// Key is the idempotency key of a step.
func (l *Local) Key(key string) string { return l.ID() + "/" + key }

// StepFailed is the failure of a step after so many attempts, or the end of a step that was cancelled.
func (l *Local) StepFailed(ctx context.Context, key string, attempts int, err error) error {
	if isControl(err) {
		return err
	}
	if stop := stopped(ctx); stop != nil {
		return stop
	}
	return &StepError{key, attempts, causeOf(err)}
}

// FailedAt is what the caller gets of a workflow of plain calls, one of which has failed. It is kept out of its callers, so
// that they stay small.
//
//go:noinline
func FailedAt(ctx context.Context, workflow, key string, err error, options []Option) error {
	run := NewLocal(workflow, options)
	return run.Failed(ctx, run.StepFailed(ctx, key, 1, err))
}

// Skip notes a step whose `when` does not hold.
func (l *Local) Skip(key string) { l.Nothing(key) }

// Tolerate takes a failure of what is not critical for null. What is no failure goes on up.
func (l *Local) Tolerate(key string, err error) error {
	if !IsFailure(err) {
		return err
	}
	l.Nothing(key)
	logger().Warn("a failure is tolerated", "workflow", l.workflow, "step", key, "error", textOf(failureOf(err).Err))
	return nil
}

// FellBack is what a step comes to whose fallback was asked.
func (l *Local) FellBack(primary, fallback error) error {
	failure := failureOf(primary)
	logger().Warn("a step falls back", "workflow", l.workflow, "step", failure.Step, "error", textOf(failure.Err))
	if !IsFailure(fallback) {
		return fallback
	}
	return &StepError{failure.Step, failure.Attempts, failureOf(fallback).Err}
}

// BackOff is the pause before another attempt. One that would end after the deadline of the step is not begun.
func (l *Local) BackOff(ctx context.Context, pause time.Duration) error {
	if at, ok := ctx.Deadline(); ok && time.Until(at) < pause {
		<-ctx.Done()
	}
	return l.Sleep(ctx, "", pause)
}

// Sleep lets time pass.
func (l *Local) Sleep(ctx context.Context, key string, pause time.Duration) error {
	if err := sleep(ctx, pause); err != nil {
		return stopped(ctx)
	}
	return nil
}

// Pause is that of a loop between two iterations.
func (l *Local) Pause(ctx context.Context, key string, index int, pause time.Duration) error {
	return l.Sleep(ctx, key, pause)
}

// UndoWith says how to undo what a step did, should the workflow not succeed.
func (l *Local) UndoWith(key string, undo func(context.Context) error) {
	state := l.state()
	state.lock.Lock()
	defer state.lock.Unlock()
	state.undos = append(state.undos, localUndo{key, undo})
}

// CannotUndo says why what a step did cannot be undone, which is told when it is to be.
func (l *Local) CannotUndo(key string, err error) {
	l.UndoWith(key, func(context.Context) error { return err })
}

// Failed is what the caller of a workflow gets that has not succeeded: what it did is undone first.
func (l *Local) Failed(ctx context.Context, err error) error {
	l.undoAll(ctx)
	if failure := failureOf(err); failure != nil {
		return workflowError(l.workflow, l.knownID(), failure)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return err
}

// Done ends a workflow with success. What it did is the parent's to undo, where it has one.
func (l *Local) Done() {
	state := l.known()
	if state == nil || state.parent == nil {
		return
	}
	state.lock.Lock()
	undos := state.undos
	state.undos = nil
	state.lock.Unlock()
	for _, each := range undos {
		state.parent.UndoWith(each.key, each.undo)
	}
}

func (l *Local) undoAll(ctx context.Context) {
	state := l.known()
	if state == nil {
		return
	}
	state.lock.Lock()
	undos := state.undos
	state.undos = nil
	state.lock.Unlock()
	for i := len(undos) - 1; i >= 0; i-- {
		if err := undos[i].undo(context.WithoutCancel(ctx)); err != nil {
			logger().Error("what a step did could not be undone", "workflow", l.workflow, "step", undos[i].key, "error", textOf(err))
			return
		}
	}
}

// Detach lets a workflow run that nobody awaits; Close waits for it.
func (l *Local) Detach(ctx context.Context, key string, body func(context.Context) error) error {
	if stop := stopped(ctx); stop != nil {
		return stop
	}
	workflow := l.workflow
	detachedWork.Add(1)
	go func() {
		defer detachedWork.Done()
		if _, err := guarded(context.WithoutCancel(ctx), func(ctx context.Context) (any, error) { return nil, body(ctx) }); err != nil {
			logger().Error("a detached workflow failed", "workflow", workflow, "step", key, "error", textOf(err))
		}
	}()
	return nil
}

// detachedWork are the workflows that nobody awaits.
var detachedWork sync.WaitGroup

// Invoke calls a function of another language through the sidecar.
func (l *Local) Invoke(ctx context.Context, function, signature string, args any, key string) (any, error) {
	session, err := sharedSession(ctx, l.workflow, l.ID())
	if err != nil {
		return nil, err
	}
	call := invocation{
		function: function, signature: signature, args: args, key: l.Key(key), run: l.ID(), workflow: l.workflow, step: key, attempt: 1,
	}
	output, err := session.invoke(ctx, call)
	if err == errLost {
		err = outcomeUnknown("nobody knows whether it happened: %s", errLost)
	}
	return output, err
}

// WaitFor cannot be asked of a workflow that keeps no journal: signals are kept there.
func (l *Local) WaitFor(ctx context.Context, key string, options WaitOptions) (any, error) {
	return nil, &StepError{key, 0, fmt.Errorf("a workflow without a journal gets no signal `%s`", options.Signal)}
}

// Emit sends a signal to a durable run.
func (l *Local) Emit(ctx context.Context, key string, options EmitOptions) error {
	session, err := sharedSession(ctx, l.workflow, l.ID())
	if err == nil {
		params := map[string]any{"run": options.Run, "signal": options.Signal, "id": l.Key(key), "data": options.Data}
		_, err = session.ask(ctx, "signal.send", params)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return stopped(ctx)
	}
	err = &StepError{key, 1, named("SignalRefused", "the run `%s` does not take the signal `%s`: %s", options.Run, options.Signal, err)}
	if options.Tolerated {
		return l.Tolerate(key, err)
	}
	return err
}
