package runtime

// Starts durable runs, attaches to them, carries them on, and tells callers how they ended.
// This file knows no steps.

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// attachedFor is how long a caller waits for another's run before it asks whether that has lost its owner.
	attachedFor = 3 * time.Second
	// firstPause and maxPause are those between the starts of a run that is lost again and again, as while the disk is
	// full; the first is at once.
	firstPause = 250 * time.Millisecond
	maxPause   = 2 * time.Second
)

// Call gives the output of the run, as JSON: it starts it, continues it, or waits for whoever executes it.
func Call(ctx context.Context, workflow *Workflow, inputs any, options ...Option) (any, error) {
	run := optionsOf(options).runID
	if run == nil {
		made := newID()
		run = &made
	}
	given, _ := inputs.(map[string]any)
	output, err := callRun(ctx, workflow, given, *run, nil)
	if err != nil && err == context.Cause(ctx) {
		return nil, ctx.Err()
	}
	return output, err
}

// parent is the step that awaits a run.
type parent struct{ run, key string }

func callRun(ctx context.Context, workflow *Workflow, inputs map[string]any, run string, parent *parent) (any, error) {
	session, err := sharedSession(ctx, workflow.Name, run)
	if err != nil {
		return nil, err
	}
	params := startParams(workflow, inputs, run)
	if trace := givenTrace(TraceParent(ctx)); trace != "" {
		params["traceparent"] = trace
	}
	if parent != nil {
		params["parent"] = map[string]any{"run": parent.run, "key": parent.key}
	}
	c := &caller{session: session, workflow: workflow, run: run, inputs: inputs, params: params}
	defer c.forget()
	return c.await(ctx)
}

// startParams ask for a run.
func startParams(workflow *Workflow, inputs map[string]any, run string) map[string]any {
	params := map[string]any{"run": run, "workflow": workflow.Name, "plan": workflow.Plan, "input": inputs, "at": nowMillis()}
	if len(workflow.Secret) > 0 {
		params["secret"] = workflow.secretNames()
	}
	return params
}

// caller is one who waits for a run.
type caller struct {
	session  *session
	workflow *Workflow
	run      string
	inputs   map[string]any
	params   map[string]any
	isLeft   bool // nobody waits: the run goes on all the same
	end      chan told
	endID    int64
}

type told struct {
	answer map[string]any
	err    error
}

func (c *caller) await(ctx context.Context) (any, error) {
	pause := time.Duration(0)
	for {
		started, local, err := c.start(ctx)
		if err != nil {
			return nil, err
		}
		if local != nil {
			outcome, err := local.wait(ctx)
			if err != nil || !outcome.isGone {
				return outcome.output, firstError(err, outcome.err)
			}
			if err := sleep(ctx, pause); err != nil {
				return nil, err
			}
			pause = min(max(2*pause, firstPause), maxPause)
			continue
		}
		got, err := c.attached(ctx, started["outcome"] == "finished")
		if err != nil {
			return nil, err
		}
		if got != nil {
			return c.outcome(*got)
		}
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// start asks for the run: an execution of this process, or what others have of it.
func (c *caller) start(ctx context.Context) (map[string]any, *execution, error) {
	type started struct {
		answer map[string]any
		local  *execution
		err    error
	}
	answers := make(chan started, 1)
	c.session.request("run.start", c.params, func(result any, err error) {
		answer, _ := result.(map[string]any)
		if err != nil {
			answers <- started{err: err}
			return
		}
		if answer["wanted"] == true {
			c.session.define(c.workflow.Plans)
		}
		if answer["outcome"] == "owned" && ctx.Err() != nil {
			// Whoever is cancelled here must not keep a run that nobody executes.
			c.session.notify("run.release", map[string]any{"run": c.run, "epoch": answer["epoch"]})
			answers <- started{err: context.Cause(ctx)}
			return
		}
		var local *execution
		if answer["outcome"] == "owned" {
			answer["start"] = c.params
			local = execute(ctx, c.session, c.workflow, c.run, answer, c.inputs, c.isLeft)
		} else {
			c.session.lock.Lock()
			local = c.session.executions[c.run]
			c.session.lock.Unlock()
		}
		if local != nil {
			local.lock.Lock()
			local.waiters++
			local.lock.Unlock()
		}
		answers <- started{answer: answer, local: local}
	})
	select {
	case got := <-answers:
		var refusal *refused
		if errors.As(got.err, &refusal) {
			return nil, nil, refusedError(c.workflow, c.run, refusal.message)
		}
		return got.answer, got.local, got.err
	case <-ctx.Done():
		go func() { // whatever is started after all is given back
			if late := <-answers; late.local != nil {
				_, _ = late.local.wait(ctx)
			}
		}()
		return nil, nil, context.Cause(ctx)
	}
}

// attached waits for the end of a run that another executes. Nil where it is time to ask whether one still does.
func (c *caller) attached(ctx context.Context, isFinished bool) (*told, error) {
	if c.end == nil {
		end := make(chan told, 1)
		c.end = end
		c.endID = c.session.request("run.await", map[string]any{"run": c.run}, func(result any, err error) {
			answer, _ := result.(map[string]any)
			end <- told{answer, err}
		})
	}
	var again <-chan time.Time
	if !isFinished {
		timer := time.NewTimer(attachedFor)
		defer timer.Stop()
		again = timer.C
	}
	select {
	case got := <-c.end:
		return &got, nil
	case <-again:
		return nil, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (c *caller) forget() {
	if c.end != nil {
		c.session.forget(c.endID)
	}
}

// outcome is that of a run that another executed.
func (c *caller) outcome(got told) (any, error) {
	if got.err != nil {
		return nil, refusedError(c.workflow, c.run, got.err.Error())
	}
	form, _ := got.answer["error"].(map[string]any)
	reason, _ := form["message"].(string)
	switch got.answer["state"] {
	case "succeeded":
		return got.answer["output"], nil
	case "cancelled":
		return nil, cancelledError(c.workflow, c.run, reason)
	case "paused":
		return nil, pausedError(c.workflow, c.run, reason)
	}
	step, _ := form["step"].(string)
	failure := &StepError{step, int(number(form["attempts"])), recordedError(form)}
	return nil, workflowError(c.workflow.Name, c.run, failure)
}

func cancelledError(workflow *Workflow, run, reason string) error {
	message := fmt.Sprintf("workflow %s (run %s) was cancelled: %s", workflow.Name, run, reason)
	return &WorkflowError{Workflow: workflow.Name, Run: run, message: message, cause: ErrCancelled}
}

func pausedError(workflow *Workflow, run, reason string) error {
	message := fmt.Sprintf("workflow %s (run %s) is paused: %s", workflow.Name, run, reason)
	return &WorkflowError{Workflow: workflow.Name, Run: run, message: message, cause: ErrPaused}
}

func refusedError(workflow *Workflow, run, reason string) error {
	message := fmt.Sprintf("workflow %s (run %s) was refused: %s", workflow.Name, run, reason)
	return &WorkflowError{Workflow: workflow.Name, Run: run, message: message, cause: ErrRefused}
}
