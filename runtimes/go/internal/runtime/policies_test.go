package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"conductor.invalid/internal/cel"
)

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
