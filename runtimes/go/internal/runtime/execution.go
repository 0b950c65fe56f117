package runtime

// The life of a run that this process owns: read, admitted, executed, undone where it must be, ended.
// This file knows no steps: those are in the workflow's body.

import (
	"context"
	"errors"
	"runtime/debug"
	"strconv"
	"sync"

	"conductor.invalid/internal/cel"
)

// deadlineKey is that of a workflow's own deadline: no step can have this id.
const deadlineKey = "run"

// execution is a run that this process owns.
type execution struct {
	workflow *Workflow
	run      string
	session  *session
	answer   map[string]any
	inputs   map[string]any // nil where the run was dispatched
	trace    string         // the caller's `traceparent`
	isServed bool
	journal  *journal
	mailbox  *mailbox
	ctx      context.Context
	cancel   context.CancelCauseFunc
	detached context.Context
	detach   context.CancelFunc
	done     chan struct{}
	outcome  result

	lock      sync.Mutex
	waiters   int
	reason    string // why the run is cancelled
	hasReason bool
	isOver    bool // the body has ended
}

// result is how a run ended, as far as this process is concerned.
type result struct {
	isGone bool // somebody else has the run
	output any
	err    error
}

// execute begins to execute a run, in the goroutine that reads answers.
func execute(ctx context.Context, session *session, workflow *Workflow, run string, answer, inputs map[string]any, isServed bool) *execution {
	session.lock.Lock()
	conn := session.conn
	session.lock.Unlock()
	next := number(answer["next_seq"])
	var start []byte
	if params, ok := answer["start"].(map[string]any); ok && next == 1 {
		start = messageLine(map[string]any{"jsonrpc": "2.0", "id": int64(0), "method": "run.start", "params": params})
	}
	e := &execution{
		workflow: workflow, run: run, session: session, answer: answer, inputs: inputs, isServed: isServed,
		journal: newJournal(run, number(answer["epoch"]), next, conn, session.ahead, start), done: make(chan struct{}),
	}
	e.trace = givenTrace(TraceParent(ctx))
	e.mailbox = newMailbox(session, run)
	e.ctx, e.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	e.detached, e.detach = context.WithCancel(context.Background())
	e.journal.onLost = func(string) { e.stopHere() }
	e.journal.onCancelling = e.cancelling
	e.journal.onSignal = e.mailbox.deliver
	e.journal.onReclaimed = func() { e.mailbox.missed(e.detached) }
	if answer["cancelling"] == true {
		e.reason, e.hasReason = "cancelled while nobody executed it", true
		e.cancel(errDecided)
	}
	session.own(e.journal)
	session.lock.Lock()
	session.executions[run] = e
	session.lock.Unlock()
	go e.drive()
	return e
}

// cancelling: somebody wants the run to be cancelled. Once its body has ended this changes nothing.
func (e *execution) cancelling(reason string) {
	e.lock.Lock()
	defer e.lock.Unlock()
	if !e.hasReason && !e.isOver {
		e.reason, e.hasReason = reason, true
		e.cancel(errDecided)
	}
}

// stopHere stops executing here; the run goes on elsewhere.
func (e *execution) stopHere() {
	e.cancel(errDetached)
	e.detach()
}

// giveBack stops executing here, unless the body has ended.
func (e *execution) giveBack() {
	e.lock.Lock()
	isOver := e.isOver
	e.lock.Unlock()
	if !isOver {
		e.stopHere()
	}
}

// wait gives the outcome. When the last one who waits goes away the run is given back.
func (e *execution) wait(ctx context.Context) (result, error) {
	select {
	case <-e.done:
		return e.outcome, nil
	case <-ctx.Done():
	}
	e.lock.Lock()
	e.waiters--
	isLast := e.waiters == 0 && !e.isServed
	e.lock.Unlock()
	if isLast {
		e.giveBack()
	}
	return result{}, context.Cause(ctx)
}

func (e *execution) drive() {
	defer close(e.done)
	e.outcome = e.live()
	e.session.lock.Lock()
	if e.session.executions[e.run] == e {
		delete(e.session.executions, e.run)
	}
	e.session.lock.Unlock()
	e.session.release(e.journal)
	e.stopHere() // ends what still waits
}

func (e *execution) live() result {
	history, err := e.history()
	if err != nil {
		var refusal *refused
		if errors.As(err, &refusal) {
			return result{err: e.refusedError(refusal.message)}
		}
		return e.gone()
	}
	defer hide(e.workflow, history.input)()
	e.mailbox.taken(history.signals)
	run := newRun(e.run, e.workflow, e.session, e.journal, history, e.mailbox, e.detached)
	permit, end := e.admitted(run)
	defer permit.giveBack()
	var output any
	if end == nil {
		output, end = e.body(run)
	}
	if !e.ends(end) {
		return e.gone()
	}
	run.settle()
	return e.concluded(run, output, end)
}

// ends notes that the body has ended. False where only the work here has.
func (e *execution) ends(end error) bool {
	e.lock.Lock()
	defer e.lock.Unlock()
	e.isOver = true
	stop, isStopped := end.(*cancelled)
	return !isStopped || stop.isReal()
}

// history reads what the run has come to.
func (e *execution) history() (*history, error) {
	history := newHistory()
	history.children = e.workflow.Children
	if e.inputs != nil && number(e.answer["next_seq"]) == 1 {
		history.input = e.inputs
		history.trace = e.trace
		return history, nil
	}
	firstPage, _ := e.answer["history"].(map[string]any)
	delete(e.answer, "history")
	return history, readInto(e.detached, e.session, e.run, firstPage, history)
}

// readInto reads what is recorded of a run, of which the first page may be here already.
func readInto(ctx context.Context, session *session, run string, page map[string]any, history *history) error {
	from, more := int64(0), true
	for more {
		if page == nil {
			asked, err := session.ask(ctx, "run.read", map[string]any{"run": run, "from": from})
			if err != nil {
				return err
			}
			page = asked
		}
		records, _ := page["records"].([]any)
		for _, each := range records {
			record, _ := each.(map[string]any)
			entries, _ := record["entries"].([]any)
			history.add(entries)
			from = number(record["seq"]) + 1
		}
		more, page = page["more"] == true, nil
	}
	history.isRead()
	return nil
}

// admitted waits until the workflow's concurrency lets the run in.
func (e *execution) admitted(run *Run) (*taken, error) {
	permit := &taken{}
	concurrency := e.workflow.Concurrency
	if concurrency == nil {
		return permit, nil
	}
	name := "workflow:" + e.workflow.Name
	if concurrency.Key != nil {
		key, err := concurrency.Key(run.Input())
		if err != nil {
			return permit, &StepError{Err: err}
		}
		name += ":" + string(cel.JSON(key))
	}
	pool := NewPool(name, PoolOptions{Permits: concurrency.Limit, Host: true})
	err := e.within(run, e.ctx, func(ctx context.Context) error {
		giveBack, isShared, err := takeOfHost(ctx, pool, e.session)
		if err != nil {
			return &cancelled{context.Cause(ctx)}
		}
		if isShared {
			permit.add(giveBack)
		}
		return nil
	})
	return permit, err
}

// within keeps the workflow's deadline, which counts from the start of the run, or of its last generation, wherever
// that was.
func (e *execution) within(run *Run, ctx context.Context, body func(context.Context) error) error {
	limit := e.workflow.Deadline
	if limit == 0 {
		return body(ctx)
	}
	startedAt := number(e.answer["started_at"])
	if run.history.restartedAt != 0 {
		startedAt = run.history.restartedAt
	}
	at := startedAt + limit.Milliseconds()
	err := run.until(ctx, deadlineKey, at, limit, body)
	if failure, ok := err.(*StepError); ok && failure.Step == deadlineKey {
		return &StepError{Err: failure.Err}
	}
	return err
}

// body executes the steps.
func (e *execution) body(run *Run) (output any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			logger().Error("a run panicked outside of a step", "run", e.run, "panic", cause, "stack", string(debug.Stack()))
			err = &Panic{cause, string(debug.Stack())}
		}
	}()
	err = e.within(run, e.ctx, func(ctx context.Context) (err error) {
		output, err = e.workflow.Body(ctx, run)
		return err
	})
	if value, ok := Returned(err); ok {
		return value, nil
	}
	return output, err
}

// concluded is what the run comes to: where it failed or was cancelled, everything that it did is undone first.
func (e *execution) concluded(run *Run, output any, end error) result {
	if pause, ok := end.(*halt); ok {
		return e.paused(pause)
	}
	if end == nil {
		text := cel.JSON(output)
		if limit := run.valueLimit(); len(text) > limit {
			end = cel.NewResultError("the output has %d bytes as JSON, the limit is %d", len(text), limit)
		} else {
			entry := append([]byte(`{"run_succeeded":{"output":`), text...)
			entry = strconv.AppendInt(append(entry, `,"at":`...), nowMillis(), 10)
			e.journal.recordText(append(entry, "}}"...))
			return e.finish(result{output: output})
		}
	}
	shielded, done := run.shielded(e.ctx)
	defer done()
	if pause := run.undoAll(shielded); pause != nil {
		return e.paused(pause)
	}
	if failure := failureOf(end); failure != nil {
		return e.failed(failure)
	}
	e.lock.Lock()
	reason := e.reason
	e.lock.Unlock()
	e.journal.record("run_cancelled", map[string]any{"reason": reason, "at": nowMillis()})
	return e.finish(result{err: cancelledError(e.workflow, e.run, reason)})
}

func (e *execution) failed(failure *StepError) result {
	cause := causeOf(failure.Err)
	var step any
	if failure.Step != "" {
		step = failure.Step
	}
	entry := map[string]any{"error": errorForm(cause), "step": step, "attempts": int64(failure.Attempts), "at": nowMillis()}
	e.journal.record("run_failed", entry)
	return e.finish(result{err: workflowError(e.workflow.Name, e.run, &StepError{failure.Step, failure.Attempts, cause})})
}

func (e *execution) paused(pause *halt) result {
	if e.detached.Err() != nil {
		return e.gone()
	}
	e.journal.record("run_paused", map[string]any{"reason": pause.reason, "step": pause.step, "at": nowMillis()})
	return e.finish(result{err: pausedError(e.workflow, e.run, pause.reason)})
}

// finish: nobody is shown an end before it is on the disk.
func (e *execution) finish(end result) result {
	_ = e.journal.concluded(context.Background()) // released when the journal ends
	if state, _ := e.journal.state(); state == lost {
		return e.gone()
	}
	logger().Debug("a run has ended", "run", e.run, "waits", e.journal.waits)
	if e.journal.stop(finished) {
		e.session.disown(e.journal)
	}
	return end
}

// gone: somebody else has the run, unless the sidecar refused what was recorded: that would happen again.
func (e *execution) gone() result {
	_, refusal := e.journal.state()
	if refusal == "" {
		return result{isGone: true}
	}
	if e.isServed {
		// It is kept: whoever it is handed to next would end here too.
		logger().Error("a run is stuck, the sidecar refused", "run", e.run, "reason", refusal)
	} else {
		e.session.notify("run.release", map[string]any{"run": e.run, "epoch": e.journal.epoch})
	}
	return result{err: e.refusedError(refusal)}
}

func (e *execution) refusedError(reason string) error {
	return refusedError(e.workflow, e.run, reason)
}
