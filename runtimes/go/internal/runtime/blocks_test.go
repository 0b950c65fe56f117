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

// group is a parallel block whose branches are closures.
type group struct{ *Branches[struct{}] }

func closures(ctx context.Context, branching Branching) group {
	return group{Parallel(ctx, branching, struct{}{})}
}

func (g group) Go(name string, work func(context.Context) error) {
	g.Branches.Go(name, func(_ struct{}, ctx context.Context) error { return work(ctx) })
}

func TestTheFirstFailureOfAParallelBlockDecidesAndIsReadOnReplay(t *testing.T) {
	p := newPeer(t)
	var slow atomic.Int64
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		group := closures(ctx, run.Branching("checks", ParallelOptions{}))
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
		if failure := run.Caught(err); failure == nil || failure.Step != "bad" || failure.Message != "no" || failure.Type != "errorString" {
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
