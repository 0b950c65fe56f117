package runtime

// Functions of this language that workflows of other languages call, and the other way round.
// This file knows no arguments and results: they cross as JSON.

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"conductor.invalid/internal/cel"
)

// Task is a function that this process serves to workflows of other languages.
type Task struct {
	// Function as `go:example.com/shop.Charge`.
	Function string
	// Signature is a digest of its parameters and result, which both sides take from their builds.
	Signature string
	Run       func(ctx context.Context, args map[string]any) (any, error)
}

// invoked makes a call that the sidecar passes on, and answers when it has ended.
func (s *session) invoked(conn *connection, id any, params map[string]any) {
	name, _ := params["function"].(string)
	var task *Task
	for i := range s.options.tasks {
		if s.options.tasks[i].Function == name {
			task = &s.options.tasks[i]
		}
	}
	answer := func(result map[string]any) {
		conn.send(messageLine(map[string]any{"jsonrpc": "2.0", "id": id, "result": result}))
	}
	if task == nil || task.Signature != params["signature"] {
		answer(map[string]any{"error": errorForm(named("SignatureMismatch", "%s has other parameters or another result here: build both sides anew", name))})
		return
	}
	call := number(params["call"])
	ctx, cancel := callContext(params)
	s.lock.Lock()
	s.calls[call] = cancel
	s.lock.Unlock()
	go func() {
		args, _ := params["args"].(map[string]any)
		output, err := guarded(ctx, func(ctx context.Context) (any, error) { return task.Run(ctx, args) })
		s.lock.Lock()
		delete(s.calls, call)
		s.lock.Unlock()
		cancel()
		if err != nil {
			answer(map[string]any{"error": errorForm(causeOf(err))})
			return
		}
		answer(map[string]any{"output": output})
	}()
}

func callContext(params map[string]any) (context.Context, context.CancelFunc) {
	text := func(name string) string {
		value, _ := params[name].(string)
		return value
	}
	info := StepInfo{text("workflow"), text("run"), text("step"), int(number(params["attempt"]))}
	trace := givenTrace(text("traceparent"))
	if trace == "" {
		trace = traceOfRun(info.Run)
	}
	served := context.WithValue(context.Background(), servedKey{}, text("key"))
	ctx := context.Context(stepContext{WithTraceParent(served, trace), info})
	if limit := number(params["timeout_ms"]); limit > 0 {
		return context.WithTimeout(ctx, time.Duration(limit)*time.Millisecond)
	}
	return context.WithCancel(ctx)
}

// cancelCalls asks all calls that are being served to stop.
func (s *session) cancelCalls() {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, cancel := range s.calls {
		cancel()
	}
}

// servedKey is where the context of a served call has the step's idempotency key.
type servedKey struct{}

// remoteKey marks the context of a call of another process's function.
type remoteKey struct{}

var callNumbers atomic.Int64

// invocation is a call of a function of another language.
type invocation struct {
	function, signature      string
	args                     any
	key, run, workflow, step string
	attempt                  int
	isAgain                  bool // where the process died that served it, it is called again
}

// Invoke makes the call of a function of another language, as the attempt of the step.
func (s *Step) Invoke(ctx context.Context, function, signature string, args any) (any, error) {
	call := invocation{
		function: function, signature: signature, args: args, key: s.Key(), run: s.run.id, workflow: s.run.workflow.Name,
		step: s.key, attempt: s.past.attempt, isAgain: s.mayRepeat() || s.options.InDoubt == Retry,
	}
	ctx = context.WithValue(ctx, remoteKey{}, true)
	return s.perform(ctx, func(ctx context.Context) (any, error) { return s.run.session.invoke(ctx, call) })
}

// invoke calls, and calls again where the process that served died.
func (s *session) invoke(ctx context.Context, call invocation) (any, error) {
	for {
		output, err := s.invokeOnce(ctx, call)
		if !errors.Is(err, errLost) || !call.isAgain || ctx.Err() != nil {
			return output, err
		}
	}
}

func (s *session) invokeOnce(ctx context.Context, call invocation) (any, error) {
	number := callNumbers.Add(1)
	params := map[string]any{
		"call": number, "function": call.function, "signature": call.signature, "args": call.args, "key": call.key, "run": call.run,
		"workflow": call.workflow, "step": call.step, "attempt": int64(call.attempt),
	}
	if at, ok := ctx.Deadline(); ok {
		params["timeout_ms"] = max(time.Until(at).Milliseconds(), 1)
	}
	trace := givenTrace(TraceParent(ctx))
	if trace == "" { // a run without a journal whose caller has no trace
		trace = traceOfAttempt(traceOfRun(call.run), call.run+"/"+call.step, call.attempt)
	}
	params["traceparent"] = trace
	answers := make(chan told, 1)
	s.request("task.invoke", params, func(result any, err error) {
		answer, _ := result.(map[string]any)
		answers <- told{answer, err}
	})
	select {
	case got := <-answers:
		return answered(got)
	case <-ctx.Done():
		s.notify("task.cancel", map[string]any{"call": number})
	}
	// It is answered all the same: by the process when it has stopped.
	return answered(<-answers)
}

func answered(got told) (any, error) {
	if got.err != nil {
		return nil, got.err
	}
	if form, ok := got.answer["error"].(map[string]any); ok {
		return nil, recordedError(form)
	}
	if got.answer["lost"] == true {
		return nil, errLost
	}
	return got.answer["output"], nil
}

// ServedKey is the idempotency key of the step for which a served function is called.
func ServedKey(ctx context.Context) string {
	key, _ := ctx.Value(servedKey{}).(string)
	return key
}

// Served encodes what a served function returned.
func Served[T any](value T, err error, encode func(*cel.Encoder, T) any) (any, error) {
	if err != nil {
		return nil, err
	}
	return cel.Encode(value, encode)
}
