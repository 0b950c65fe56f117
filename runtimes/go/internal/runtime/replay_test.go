package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"conductor.invalid/internal/cel"
)

// calls counts how often each step's function was called.
type calls struct {
	lock   sync.Mutex
	counts map[string]int
}

func (c *calls) of(key string, call func(context.Context) (int64, error)) func(context.Context) (int64, error) {
	return func(ctx context.Context) (int64, error) {
		c.lock.Lock()
		c.counts[key]++
		c.lock.Unlock()
		return call(ctx)
	}
}

func (c *calls) take() map[string]int {
	c.lock.Lock()
	defer c.lock.Unlock()
	taken := c.counts
	c.counts = map[string]int{}
	return taken
}

// everything goes through one of each construct, as generated code does.
func everything(t *testing.T, made *calls, fails bool) *Workflow {
	lock := NewPool("lock", PoolOptions{Permits: 1})
	undone := func(ctx context.Context, run *Run, key string, args any) error {
		_, err := task(ctx, run, key+".compensate", StepOptions{}, 0, made.of(key+".compensate", returns(0)))
		return err
	}
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		at := func(ctx context.Context, key string, options StepOptions, retries int, call func(context.Context) (int64, error)) (int64, error) {
			return task(ctx, run, key, options, retries, made.of(key, call))
		}
		options := StepOptions{Undo: func(output any) (any, error) { return map[string]any{"of": output}, nil }}
		one, err := at(ctx, "one", options, 0, returns(1))
		if err != nil {
			return nil, err
		}
		// The first attempt of a process fails: how many there are is the journal's to say.
		failures := 0
		two, err := at(ctx, "two", options, 9, func(context.Context) (int64, error) {
			if failures++; failures == 1 {
				return 0, errors.New("again")
			}
			return 2, nil
		})
		if err != nil {
			return nil, err
		}
		three, err := inBlocks(ctx, run, at)
		if err != nil {
			return nil, err
		}
		local := run.Atomic()
		held, err := run.HoldAtomic(ctx, "held", lock, &local, func(ctx context.Context) (any, error) {
			inner, err := Do(local.InStep(ctx, "inner", 1), made.of("inner", func(ctx context.Context) (int64, error) {
				if info, _ := CurrentStep(ctx); info != (StepInfo{"test_workflow", run.ID(), "inner", 1}) {
					t.Errorf("the current step is %v", info)
				}
				return 40, nil
			}))
			if err != nil {
				return nil, local.StepFailed(ctx, "inner", 1, err)
			}
			local.Undoes("inner", inner, nil, func(output any) (any, error) { return map[string]any{"of": output}, nil })
			return map[string]any{"last": inner}, nil
		})
		if err != nil {
			return nil, err
		}
		if fails {
			_, err := at(ctx, "last", StepOptions{}, 0, func(context.Context) (int64, error) { return 0, &declined{"funds", 402} })
			return nil, err
		}
		return one + two + three + held.(map[string]any)["last"].(int64), nil
	})
	workflow.Undo = map[string]Undo{"one": undone, "two": undone, "inner": undone}
	return workflow
}

type stepAt func(ctx context.Context, key string, options StepOptions, retries int, call func(context.Context) (int64, error)) (int64, error)

// inBlocks is 300 in the end.
func inBlocks(ctx context.Context, run *Run, at stepAt) (int64, error) {
	read := StepOptions{Effect: Read}
	var left, right int64
	group := closures(ctx, run.Branching("both", ParallelOptions{}))
	group.Go("left", func(ctx context.Context) (err error) {
		left, err = at(ctx, "left", read, 0, returns(100))
		return err
	})
	group.Go("right", func(ctx context.Context) (err error) {
		right, err = at(ctx, "right", StepOptions{}, 0, returns(100))
		return err
	})
	if err := group.Wait(); err != nil {
		return 0, err
	}
	race := run.Race(ctx, "fastest")
	race.Go("slow", func(ctx context.Context) (bool, error) {
		_, err := at(ctx, "slow", read, 0, func(ctx context.Context) (int64, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		return true, err
	})
	race.Go("fast", func(ctx context.Context) (bool, error) {
		_, err := at(ctx, "fast", read, 0, returns(1))
		return true, err
	})
	if winner, err := race.Wait(); err != nil || winner != "fast" {
		return 0, errors.Join(err, fmt.Errorf("%s won", winner))
	}
	list, err := Map(ctx, run.Mapping("each", 2), []int64{10, 20, 30, 40}, func(ctx context.Context, index int, item int64) (int64, error) {
		return at(ctx, Key("each", index)+"item", read, 0, returns(item))
	})
	if err != nil {
		return 0, err
	}
	sum := left + right
	for _, each := range list {
		sum += each
	}
	err = run.Deadline(ctx, "limited", time.Minute, func(ctx context.Context) error {
		_, err := at(ctx, "refused", StepOptions{}, 0, fails(errors.New("no")))
		return err
	})
	if failure := run.Caught(err); failure == nil || failure.Step != "refused" {
		return 0, fmt.Errorf("caught %v of %v", failure, err)
	}
	if err := run.Finally(ctx, nil, func(ctx context.Context) error { return run.Sleep(ctx, "nap", time.Millisecond) }); err != nil {
		return 0, err
	}
	run.Skip("skipped")
	if err := run.Emit(ctx, "tell", EmitOptions{Signal: "told", Data: int64(7)}); err != nil {
		return 0, err
	}
	told, err := run.WaitFor(ctx, "hear", WaitOptions{Signal: "told"})
	if err != nil || told != int64(7) {
		return 0, errors.Join(err, fmt.Errorf("heard %v", told))
	}
	return sum, nil
}

// finished are the keys of the steps of which the entries say how they ended, once.
func (p *peer) finished(run string) map[string]bool {
	keys := map[string]bool{}
	for _, kind := range p.kinds(run) {
		name, key, _ := strings.Cut(kind, " ")
		switch name {
		case "step_succeeded", "step_failed", "step_skipped", "step_cancelled":
			if keys[key] {
				p.t.Errorf("%s ended twice: %v", key, p.kinds(run))
			}
			keys[key] = true
		}
	}
	return keys
}

func TestARunGoesOnFromEveryPrefixOfItsJournal(t *testing.T) {
	for _, fails := range []bool{false, true} {
		t.Run(fmt.Sprintf("fails %t", fails), func(t *testing.T) { replayed(t, fails) })
	}
}

func replayed(t *testing.T, fails bool) {
	p := newPeer(t)
	made := &calls{counts: map[string]int{}}
	workflow := everything(t, made, fails)
	want, first := Call(context.Background(), workflow, nil, WithRunID("r"))
	if fails == (first == nil) || (!fails && want != int64(343)) {
		t.Fatal(want, first)
	}
	made.take()
	whole := append([]any(nil), p.records["r"]...)
	for entries := range whole {
		p.lock.Lock()
		p.records["r"] = append([]any(nil), whole...)
		p.lock.Unlock()
		p.cut("r", entries)
		known := p.finished("r")
		output, err := Call(context.Background(), workflow, nil, WithRunID("r"))
		if output != want || !isSameEnd(err, first) {
			t.Fatalf("after %d entries: %v, %v", entries, output, err)
		}
		for key, count := range made.take() {
			if known[key] || (key == "inner" && known["held"]) {
				t.Errorf("after %d entries: %s was called %d times more", entries, key, count)
			}
		}
		once := p.finished("r")
		if fails && !(once["one.compensate"] && once["two.compensate"] && once["inner.compensate"]) {
			t.Errorf("after %d entries it was not undone: %v", entries, once)
		}
	}
}

// isSameEnd leaves the number of the attempt out: one that a crash cut off has a number, too. A recorded error is one of
// another Go type.
func isSameEnd(one, other error) bool {
	var first, second *WorkflowError
	if !errors.As(one, &first) || !errors.As(other, &second) {
		return one == other
	}
	var cause, wanted *declined
	return first.Step == second.Step && errors.As(one, &cause) && errors.As(other, &wanted) && *cause == *wanted
}

func TestAnAtomicBlockFailsAsOneStep(t *testing.T) {
	p := newPeer(t)
	lock := NewPool("atomic", PoolOptions{Permits: 1})
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		local := run.Atomic()
		return run.HoldAtomic(ctx, "held", lock, &local, func(ctx context.Context) (any, error) {
			return nil, (&Local{}).StepFailed(ctx, "inner", 2, &declined{"funds", 402})
		})
	})
	_, err := Call(context.Background(), workflow, nil, WithRunID("r"))
	var failed *WorkflowError
	if !errors.As(err, &failed) || failed.Step != "held" || failed.Attempts != 1 {
		t.Error(err)
	}
	wantKinds(t, p, "r", "step_started held", "step_failed held", "run_failed")
	if string(cel.JSON(p.entry("r", "run_failed", "")["step"])) != `"held"` {
		t.Error(p.entry("r", "run_failed", ""))
	}
}

func TestARunThatIsHandedOutAgainIsExecutedByItsLastLifeAlone(t *testing.T) {
	p := newPeer(t)
	begun, gate, looked := make(chan struct{}), make(chan struct{}), make(chan int64, 2)
	var lives atomic.Int64
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		life := lives.Add(1)
		begun <- struct{}{}
		<-gate
		return task(ctx, run, "look", StepOptions{Effect: Read}, 0, func(context.Context) (int64, error) {
			looked <- life
			return life, nil
		})
	})
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, []*Workflow{workflow}, nil) }()
	// Others had it between the two, and nobody has told this process.
	for _, epoch := range []int64{1, 3} {
		p.dispatch("r", epoch, nil)
		<-begun
	}
	close(gate)
	if life := <-looked; life != 2 {
		t.Error(life)
	}
	for !slices.Contains(p.kinds("r"), "run_succeeded") {
		time.Sleep(time.Millisecond)
	}
	stop()
	if err := <-served; err != nil || len(looked) > 0 {
		t.Error(err, len(looked))
	}
}

func TestWhatComesWithARunIsNotAskedForAndWhatFollowsItIs(t *testing.T) {
	p := newPeer(t)
	made := make(chan string, 8)
	workflow := workflowOf(func(ctx context.Context, run *Run) (any, error) {
		for _, key := range []string{"one", "two", "three"} {
			_, err := task(ctx, run, key, StepOptions{Effect: Read}, 0, func(context.Context) (int64, error) {
				made <- run.id + " " + key
				return 0, nil
			})
			if err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, []*Workflow{workflow}, nil) }()
	done := func(key string) any {
		return map[string]any{"step_succeeded": map[string]any{"key": key, "attempt": int64(1), "output": int64(0), "at": int64(0)}}
	}
	started := map[string]any{"run_started": map[string]any{"input": map[string]any{}}}
	for _, run := range []string{"whole", "begun"} {
		// Of what the peer would answer only the second step is news.
		p.lock.Lock()
		p.records[run] = []any{done("one"), done("two")}
		p.lock.Unlock()
		records := []any{map[string]any{"seq": int64(0), "entries": []any{started}}, map[string]any{"seq": int64(1), "entries": []any{done("one")}}}
		p.dispatch(run, 1, map[string]any{"next_seq": int64(3), "history": map[string]any{"records": records, "more": run == "begun"}})
		for !slices.Contains(p.kinds(run), "run_succeeded") {
			time.Sleep(time.Millisecond)
		}
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	close(made)
	var what []string
	for each := range made {
		what = append(what, each)
	}
	if !slices.Equal(what, []string{"whole two", "whole three", "begun three"}) {
		t.Error(what)
	}
}
