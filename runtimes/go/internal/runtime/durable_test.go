package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"conductor.invalid/internal/cel"
)

type declined struct {
	Reason string `json:"reason"`
	Status int    `json:"status"`
}

func (d *declined) Error() string { return "declined: " + d.Reason }

// workflowOf is a workflow of one body.
func workflowOf(body func(ctx context.Context, run *Run) (any, error)) *Workflow {
	return &Workflow{Name: "test_workflow", Plan: "blake3:0", Body: body}
}

// task is a step as generated code has it.
func task(ctx context.Context, run *Run, key string, options StepOptions, retries int, call func(context.Context) (int64, error)) (int64, error) {
	step := run.Step(key, options)
	for step.NextAttempt(ctx) {
		result, err := Attempt(ctx, step, call)
		switch {
		case err == nil:
			Succeed(step, result, (*cel.Encoder).Int)
		case step.Failures() < retries && IsRetryable(err, On{}):
			step.Retry(err, Constant(time.Millisecond, time.Second, NoJitter))
		default:
			step.Fail(err)
		}
	}
	return Output(step, (*cel.Decoder).Int)
}

func returns(value int64) func(context.Context) (int64, error) {
	return func(context.Context) (int64, error) { return value, nil }
}

func fails(err error) func(context.Context) (int64, error) {
	return func(context.Context) (int64, error) { return 0, err }
}

func wantKinds(t *testing.T, p *peer, run string, want ...string) {
	t.Helper()
	if got := p.kinds(run); !slices.Equal(got, want) {
		t.Errorf("run %s recorded\n%s\nnot\n%s", run, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestStepsAreRecordedAndNeverExecutedAgain(t *testing.T) {
	p := newPeer(t)
	var calls atomic.Int64
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		one, err := task(ctx, run, "one", StepOptions{Effect: Read}, 0, func(context.Context) (int64, error) { return calls.Add(1), nil })
		if err != nil {
			return nil, err
		}
		two, err := task(ctx, run, "two", StepOptions{}, 0, func(ctx context.Context) (int64, error) {
			info, ok := CurrentStep(ctx)
			if !ok || info != (StepInfo{"test_workflow", "r", "two", 1}) || ctx.Value("conductor.step").(map[string]any)["key"] != "two" {
				return 0, fmt.Errorf("the current step is %v", info)
			}
			return one + 10, nil
		})
		return map[string]any{"sum": two, "n": run.Input()["n"]}, err
	})
	output, err := Call(context.Background(), workflow, map[string]any{"n": int64(5)}, WithRunID("r"))
	if err != nil || string(cel.JSON(output)) != `{"n":5,"sum":11}` {
		t.Fatal(output, err)
	}
	wantKinds(t, p, "r", "step_started one", "step_succeeded one", "step_started two", "step_succeeded two", "run_succeeded")
	p.cut("r", 2)
	if output, err = Call(context.Background(), workflow, map[string]any{"n": int64(5)}, WithRunID("r")); err != nil {
		t.Fatal(output, err)
	}
	if calls.Load() != 1 {
		t.Errorf("the first step ran %d times", calls.Load())
	}
	// Finished: another call only asks for the result.
	again, err := Call(context.Background(), workflow, map[string]any{"n": int64(5)}, WithRunID("r"))
	if err != nil || string(cel.JSON(again)) != string(cel.JSON(output)) {
		t.Error(again, err)
	}
}

func TestRetriesAndTheErrorThatIsLeft(t *testing.T) {
	p := newPeer(t)
	failure := &declined{"funds", 402}
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		return task(ctx, run, "charge", StepOptions{}, 2, fails(fmt.Errorf("charging: %w", failure)))
	})
	_, err := Call(context.Background(), workflow, nil, WithRunID("r"))
	var failed *WorkflowError
	var cause *declined
	if !errors.As(err, &failed) || failed.Step != "charge" || failed.Attempts != 3 || failed.Run != "r" || failed.Workflow != "test_workflow" {
		t.Fatalf("%#v", failed)
	}
	if !errors.As(err, &cause) || cause != failure {
		t.Error("the user's error is lost")
	}
	wantKinds(t, p, "r", "step_started charge", "attempt_failed charge", "step_started charge", "attempt_failed charge", "step_started charge", "step_failed charge", "run_failed")
	form := p.entry("r", "run_failed", "")["error"].(map[string]any)
	if got := string(cel.JSON(form["types"])); got != `["conductor.invalid/internal/runtime.declined"]` {
		t.Error(got)
	}
	if form["code"] != "402" || form["message"] != "charging: declined: funds" {
		t.Error(form)
	}
	// Only recorded, it is the same error to errors.As.
	p.cut("r", 6)
	_, err = Call(context.Background(), workflow, nil, WithRunID("r"))
	var recorded *RecordedError
	if !errors.As(err, &recorded) || recorded.Code != "402" {
		t.Error(err)
	}
}

func TestARecordedErrorIsStillTheUsersOwn(t *testing.T) {
	sentinel := errors.New("gone")
	Sentinel("example.com/shop.ErrGone", sentinel)
	form := errorForm(errors.Join(fmt.Errorf("x: %w", sentinel), &declined{"funds", 402}))
	recorded := recordedError(form)
	var back *declined
	if !errors.Is(recorded, sentinel) || !errors.As(recorded, &back) || back.Reason != "" {
		// Fields are those of the outermost error.
		t.Error(recorded.Types, back)
	}
	recorded = recordedError(errorForm(&declined{"funds", 402}))
	if !errors.As(recorded, &back) || *back != (declined{"funds", 402}) {
		t.Error(back)
	}
}

func TestAPanicIsTheErrorOfItsAttempt(t *testing.T) {
	newPeer(t)
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		return task(ctx, run, "charge", StepOptions{}, 5, func(context.Context) (int64, error) {
			list := []int64{1}
			return list[len(list)], nil
		})
	})
	_, err := Call(context.Background(), workflow, nil, WithRunID("r"))
	var panicked *Panic
	var failed *WorkflowError
	if !errors.As(err, &panicked) || !errors.As(err, &failed) || failed.Attempts != 1 {
		t.Error(err)
	}
}

func TestATimeoutOfAReadIsAFailureAndOfAWriteItsRealEnd(t *testing.T) {
	p := newPeer(t)
	released := make(chan struct{})
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		_, err := task(ctx, run, "read", StepOptions{Effect: Read, Timeout: 20 * time.Millisecond, Tolerated: true}, 0, func(ctx context.Context) (int64, error) {
			<-ctx.Done()
			<-released
			return 0, ctx.Err()
		})
		if err != nil {
			return nil, err
		}
		return task(ctx, run, "write", StepOptions{Timeout: 20 * time.Millisecond}, 0, func(ctx context.Context) (int64, error) {
			<-ctx.Done()
			close(released)
			return 7, nil
		})
	})
	output, err := Call(context.Background(), workflow, nil, WithRunID("r"))
	if err != nil || output != int64(7) {
		t.Error(output, err)
	}
	form := p.entry("r", "step_failed", "read")["error"].(map[string]any)
	if string(cel.JSON(form["types"])) != `["conductor.TimeoutError"]` || form["message"] != "no answer within 20 ms" {
		t.Error(form)
	}
}

func TestWhatInDoubtDecides(t *testing.T) {
	stops := func(ctx context.Context) (int64, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	for inDoubt, want := range map[InDoubt]string{Retry: "conductor.TimeoutError", FailInDoubt: "conductor.OutcomeUnknown"} {
		p := newPeer(t)
		workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
			return task(ctx, run, "write", StepOptions{Timeout: 10 * time.Millisecond, InDoubt: inDoubt}, 0, stops)
		})
		_, err := Call(context.Background(), workflow, nil, WithRunID("r"))
		form := p.entry("r", "run_failed", "")["error"].(map[string]any)
		if form["types"].([]any)[0] != want {
			t.Error(err, form)
		}
		_ = Close(context.Background())
	}
	p := newPeer(t)
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		return task(ctx, run, "write", StepOptions{Timeout: 10 * time.Millisecond, InDoubt: PauseInDoubt}, 0, stops)
	})
	_, err := Call(context.Background(), workflow, nil, WithRunID("r"))
	if !errors.Is(err, ErrPaused) {
		t.Error(err)
	}
	wantKinds(t, p, "r", "step_started write", "step_in_doubt write", "run_paused")
}

func TestTheFirstFailureOfAParallelBlockDecidesAndIsReadOnReplay(t *testing.T) {
	p := newPeer(t)
	var slow atomic.Int64
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		group := run.Parallel(ctx, "checks", ParallelOptions{})
		group.Go("good", func(ctx context.Context) error {
			_, err := task(ctx, run, "good", StepOptions{Effect: Read}, 0, func(ctx context.Context) (int64, error) {
				slow.Add(1)
				<-ctx.Done()
				return 0, ctx.Err()
			})
			return err
		})
		group.Go("bad", func(ctx context.Context) error {
			for slow.Load() == 0 {
				time.Sleep(time.Millisecond)
			}
			_, err := task(ctx, run, "bad", StepOptions{Effect: Read}, 0, fails(errors.New("no")))
			return err
		})
		err := group.Wait()
		if failure := run.Caught(err); failure == nil || failure.Step != "bad" || failure.Message != "no" {
			return nil, fmt.Errorf("caught %v of %v", failure, err)
		}
		return task(ctx, run, "after", StepOptions{}, 0, returns(1))
	})
	if output, err := Call(context.Background(), workflow, nil, WithRunID("r")); err != nil || output != int64(1) {
		t.Fatal(output, err)
	}
	kinds := p.kinds("r")
	if !slices.Contains(kinds, "chosen checks") || !slices.Contains(kinds, "step_cancelled good") || p.entry("r", "chosen", "checks")["value"] != "bad" {
		t.Error(kinds)
	}
	p.cut("r", len(kinds)-1)
	if output, err := Call(context.Background(), workflow, nil, WithRunID("r")); err != nil || output != int64(1) || slow.Load() != 1 {
		t.Error(output, err, slow.Load())
	}
}

func TestARaceIsWonOnce(t *testing.T) {
	p := newPeer(t)
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		race := run.Race(ctx, "fastest")
		race.Go("slow", func(ctx context.Context) (bool, error) {
			_, err := task(ctx, run, "slow", StepOptions{Effect: Read}, 0, func(ctx context.Context) (int64, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			})
			return true, err
		})
		race.Go("fast", func(ctx context.Context) (bool, error) {
			_, err := task(ctx, run, "fast", StepOptions{Effect: Read}, 0, returns(1))
			return true, err
		})
		winner, err := race.Wait()
		return winner, err
	})
	for range 2 {
		if output, err := Call(context.Background(), workflow, nil, WithRunID("r")); err != nil || output != "fast" {
			t.Fatal(output, err)
		}
		p.cut("r", len(p.kinds("r"))-1)
	}
}

func TestAWideMapKeepsItsOrderAndWidth(t *testing.T) {
	newPeer(t)
	var now, most atomic.Int64
	items := make([]int, 200)
	for i := range items {
		items[i] = i
	}
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		results, err := Map(ctx, run.Mapping("each", 7), items, func(ctx context.Context, index int, item int) (any, error) {
			return task(ctx, run, Key("each", index)+"double", StepOptions{Effect: Read}, 0, func(context.Context) (int64, error) {
				most.Store(max(most.Load(), now.Add(1)))
				defer now.Add(-1)
				return int64(2 * item), nil
			})
		})
		return results, err
	})
	output, err := Call(context.Background(), workflow, nil)
	if err != nil || len(output.([]any)) != 200 || output.([]any)[99] != int64(198) || most.Load() > 7 {
		t.Error(output, err, most.Load())
	}
}

func TestAGraphWaitsForNeedsAndAReturnEndsARun(t *testing.T) {
	p := newPeer(t)
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		graph := run.Graph(ctx, "graph")
		graph.Go("b", []string{"a"}, func(ctx context.Context) error {
			_, err := task(ctx, run, "b", StepOptions{Effect: Read}, 0, returns(2))
			return err
		})
		graph.Go("a", nil, func(ctx context.Context) error {
			_, err := task(ctx, run, "a", StepOptions{Effect: Read}, 0, returns(1))
			return err
		})
		if err := graph.Wait(); err != nil {
			return nil, err
		}
		return nil, Return("early")
	})
	if output, err := Call(context.Background(), workflow, nil, WithRunID("r")); err != nil || output != "early" {
		t.Error(output, err)
	}
	wantKinds(t, p, "r", "step_started a", "step_succeeded a", "step_started b", "step_succeeded b", "run_succeeded")
}

func TestDeadlinesAreRecordedAndFinallyIsShielded(t *testing.T) {
	p := newPeer(t)
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		err := run.Deadline(ctx, "block", 30*time.Millisecond, func(ctx context.Context) error {
			err := run.Sleep(ctx, "nap", time.Hour)
			return run.Finally(ctx, err, func(ctx context.Context) error {
				_, err := task(ctx, run, "tidy", StepOptions{}, 0, returns(1))
				return err
			})
		})
		if failure := run.Caught(err, "DeadlineExceeded"); failure == nil || failure.Step != "block" {
			return nil, fmt.Errorf("came to %w", err)
		}
		return true, nil
	})
	if output, err := Call(context.Background(), workflow, nil, WithRunID("r")); err != nil || output != true {
		t.Error(output, err)
	}
	wantKinds(t, p, "r", "chosen block.deadline", "step_started nap", "chosen block.expired", "step_cancelled nap", "step_started tidy", "step_succeeded tidy", "run_succeeded")
	p.cut("r", 3)
	if output, err := Call(context.Background(), workflow, nil, WithRunID("r")); err != nil || output != true {
		t.Error(output, err)
	}
}

func TestSignalsAreTakenOnce(t *testing.T) {
	p := newPeer(t)
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		if err := run.Emit(ctx, "tell", EmitOptions{Signal: "go", Data: int64(1)}); err != nil {
			return nil, err
		}
		first, err := run.WaitFor(ctx, "first", WaitOptions{Signal: "go", Timeout: time.Minute})
		if err != nil {
			return nil, err
		}
		second, err := run.WaitFor(ctx, "second", WaitOptions{Signal: "go", Timeout: 20 * time.Millisecond, Null: true})
		if err != nil {
			return nil, err
		}
		_, err = run.WaitFor(ctx, "third", WaitOptions{Signal: "go", Timeout: time.Millisecond})
		if run.Caught(err, "SignalTimeout") == nil || run.Caught(err, "TimeoutError") == nil {
			return nil, err
		}
		err = run.Emit(ctx, "nobody", EmitOptions{Signal: "go", Run: "nobody"})
		if run.Caught(err, "SignalRefused") == nil {
			return nil, err
		}
		return []any{first, second}, nil
	})
	for range 2 {
		if output, err := Call(context.Background(), workflow, nil, WithRunID("r")); err != nil || string(cel.JSON(output)) != "[1,null]" {
			t.Fatal(output, err)
		}
		p.cut("r", 4) // the signal is taken: it is not taken again
	}
	if id := p.entry("r", "step_succeeded", "first")["signal"]; id != "r/tell" {
		t.Error(id)
	}
}

func TestWhatFailsIsUndoneInReverse(t *testing.T) {
	p := newPeer(t)
	var undone []string
	undo := func(ctx context.Context, run *Run, key string, args any) error {
		step := run.Step(key+".compensate", StepOptions{Task: "refund"})
		for step.NextAttempt(ctx) {
			err := AttemptNull(ctx, step, func(context.Context) error {
				undone = append(undone, fmt.Sprintf("%s %s", step.Key(), cel.JSON(args)))
				return nil
			})
			if err != nil {
				step.Fail(err)
			} else {
				step.SucceedNull()
			}
		}
		return step.Err()
	}
	undoable := StepOptions{Undo: func(result any) (any, error) { return map[string]any{"id": result}, nil }}
	child := &Workflow{Name: "child", Plan: "blake3:1", Undo: map[string]Undo{"inner": undo}}
	child.Body = func(ctx context.Context, run *Run) (any, error) {
		return task(ctx, run, "inner", undoable, 0, returns(9))
	}
	workflow := &Workflow{Name: "parent", Plan: "blake3:2", Undo: map[string]Undo{"each.charge": undo}, Children: map[string]*Workflow{"sub": child}}
	workflow.Body = func(ctx context.Context, run *Run) (any, error) {
		for i := range 2 {
			if _, err := task(ctx, run, Key("each", i)+"charge", undoable, 0, returns(int64(i))); err != nil {
				return nil, err
			}
		}
		step := run.Step("sub", StepOptions{Task: "child", Child: true})
		for step.NextAttempt(ctx) {
			output, err := step.Child(ctx, child, map[string]any{})
			if err != nil {
				step.Fail(err)
			} else {
				step.SucceedRaw(output)
			}
		}
		if err := step.Err(); err != nil {
			return nil, err
		}
		return nil, run.Fail("refuse", "OutOfStock", "none left")
	}
	_, err := Call(context.Background(), workflow, nil, WithRunID("r"))
	want := []string{`r/sub/inner.compensate {"id":9}`, `r/each[1].charge.compensate {"id":1}`, `r/each[0].charge.compensate {"id":0}`}
	if err == nil || !slices.Equal(undone, want) {
		t.Error(err, undone)
	}
	// After a crash in the undoing the rest is undone.
	kinds := p.kinds("r")
	p.cut("r", slices.Index(kinds, "step_succeeded sub/inner.compensate")+1)
	undone = nil
	if _, err = Call(context.Background(), workflow, nil, WithRunID("r")); err == nil || !slices.Equal(undone, want[1:]) {
		t.Error(err, undone)
	}
}

func TestAFallbackACacheAndABreaker(t *testing.T) {
	p := newPeer(t)
	cache := NewCache("price", time.Minute)
	breaker := NewBreaker("price", BreakerOptions{Failures: 1, Window: time.Minute, OpenFor: time.Minute})
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		for _, key := range []string{"first", "second"} {
			if _, err := task(ctx, run, key, StepOptions{Effect: Read, Cache: cache, CacheKey: "k"}, 0, returns(3)); err != nil {
				return nil, err
			}
		}
		_, err := task(ctx, run, "broken", StepOptions{Breaker: breaker, Tolerated: true}, 0, fails(errors.New("no")))
		if err != nil {
			return nil, err
		}
		step := run.Step("refused", StepOptions{Breaker: breaker, Fallback: true})
		for step.NextAttempt(ctx) {
			if _, err := Attempt(ctx, step, returns(1)); err != nil {
				step.Fail(err)
			}
		}
		if step.Exhausted() {
			other := run.Step("refused.fallback", StepOptions{Effect: Read})
			for other.NextAttempt(ctx) {
				result, _ := Attempt(ctx, other, returns(4))
				Succeed(other, result, (*cel.Encoder).Int)
			}
			step.FallBack(other.RawOutput())
		}
		return step.RawOutput()
	})
	if output, err := Call(context.Background(), workflow, nil, WithRunID("r")); err != nil || output != int64(4) {
		t.Error(output, err)
	}
	wantKinds(t, p, "r", "step_started first", "step_succeeded first", "step_succeeded second", "step_started broken", "step_failed broken",
		"attempt_failed refused", "step_started refused.fallback", "step_succeeded refused.fallback", "step_succeeded refused", "run_succeeded")
	if attempt := p.entry("r", "step_succeeded", "second")["attempt"]; attempt != int64(0) {
		t.Error(attempt)
	}
}

func TestAHedgeTakesTheFirstSuccess(t *testing.T) {
	newPeer(t)
	var calls atomic.Int64
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		options := StepOptions{Effect: Read, Hedge: Hedge{After: 10 * time.Millisecond, Max: 2}}
		return task(ctx, run, "ask", options, 0, func(ctx context.Context) (int64, error) {
			number := calls.Add(1)
			if number < 3 {
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return number, nil
		})
	})
	if output, err := Call(context.Background(), workflow, nil); err != nil || output != int64(3) {
		t.Error(output, err)
	}
}

func TestTheLostConnectionComesBack(t *testing.T) {
	p := newPeer(t)
	p.lock.Lock()
	p.holds = true
	p.lock.Unlock()
	started := make(chan struct{})
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		return task(ctx, run, "write", StepOptions{}, 0, func(context.Context) (int64, error) {
			close(started)
			return 1, nil
		})
	})
	go func() {
		for {
			p.lock.Lock()
			count := len(p.held)
			p.lock.Unlock()
			if count > 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		p.lock.Lock()
		p.holds = false
		_ = p.conns[0].Close()
		p.lock.Unlock()
	}()
	output, err := Call(context.Background(), workflow, nil, WithRunID("r"))
	if err != nil || output != int64(1) {
		t.Error(output, err)
	}
	<-started
	p.lock.Lock()
	defer p.lock.Unlock()
	if len(p.hellos) != 2 || len(p.hellos[1]["owned"].([]any)) != 1 || p.hellos[0]["session"] != p.hellos[1]["session"] {
		t.Error(p.hellos)
	}
}

func TestCancellingTheCallerGivesTheRunBack(t *testing.T) {
	p := newPeer(t)
	ctx, cancel := context.WithCancel(context.Background())
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		return nil, run.Sleep(ctx, "nap", time.Hour)
	})
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := Call(ctx, workflow, nil, WithRunID("r")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for p.isOwned("r") {
		time.Sleep(time.Millisecond)
	}
	wantKinds(t, p, "r", "step_started nap") // nothing says that it was cancelled
}

func (p *peer) isOwned(run string) bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	_, ok := p.runs[run]
	return ok
}

func TestAFunctionOfAnotherLanguage(t *testing.T) {
	p := newPeer(t)
	p.lock.Lock()
	answers := []map[string]any{
		{"lost": true}, {"output": int64(5)},
		{"error": map[string]any{"types": []any{"payments.CardDeclined"}, "message": "no", "code": "402"}},
	}
	p.invoke = func(params map[string]any) map[string]any {
		p.lock.Lock()
		defer p.lock.Unlock()
		answer := answers[0]
		answers = answers[1:]
		return answer
	}
	p.lock.Unlock()
	invoke := func(ctx context.Context, run *Run, key string) (any, error) {
		step := run.Step(key, StepOptions{})
		for step.NextAttempt(ctx) {
			output, err := step.Invoke(ctx, "py:payments.charge", "blake3:9", map[string]any{"amount": "5"})
			if err != nil {
				step.Fail(err)
			} else {
				step.SucceedRaw(output)
			}
		}
		return step.RawOutput()
	}
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		output, err := invoke(ctx, run, "one")
		if err != nil {
			return nil, err
		}
		_, err = invoke(ctx, run, "two")
		if failure := run.Caught(err, "CardDeclined"); failure == nil || *failure.Status != 402 {
			return nil, err
		}
		return output, nil
	})
	if output, err := Call(context.Background(), workflow, nil); err != nil || output != int64(5) {
		t.Error(output, err)
	}
}

func TestACallIsLostWithItsConnection(t *testing.T) {
	p := newPeer(t)
	var calls atomic.Int64
	p.lock.Lock()
	p.invoke = func(map[string]any) map[string]any {
		if calls.Add(1) == 1 {
			p.lock.Lock()
			defer p.lock.Unlock()
			_ = p.conns[0].Close()
		}
		return map[string]any{"output": int64(5)}
	}
	p.lock.Unlock()
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		step := run.Step("charge", StepOptions{InDoubt: FailInDoubt})
		for step.NextAttempt(ctx) {
			_, err := step.Invoke(ctx, "py:payments.charge", "blake3:9", map[string]any{})
			step.Fail(err)
		}
		failure := run.Caught(step.Err(), "OutcomeUnknown")
		return failure != nil, nil
	})
	if output, err := Call(context.Background(), workflow, nil); err != nil || output != true || calls.Load() != 1 {
		t.Error(output, err, calls.Load())
	}
}

func TestWithoutASidecar(t *testing.T) {
	t.Setenv("CONDUCTOR_SOCKET", "/nowhere/at/all.sock")
	_, err := Call(context.Background(), workflowOf(nil), nil)
	if !errors.Is(err, ErrSidecarUnavailable) || !strings.Contains(err.Error(), "/nowhere/at/all.sock cannot be reached") {
		t.Error(err)
	}
	t.Setenv("CONDUCTOR_SIDECAR", "off")
	if _, err = Call(context.Background(), workflowOf(nil), nil); !errors.Is(err, ErrSidecarUnavailable) {
		t.Error(err)
	}
	if err := Close(context.Background()); err != nil {
		t.Error(err)
	}
}
