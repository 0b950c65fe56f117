package runtime

// What goes between processes through the real sidecar: signals, calls of served functions, and the bound of a workflow.

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"conductor.invalid/internal/cel"
)

const plan = "blake3:00112233445566778899aabbccddeeff"

func TestSoManyRunsOfAWorkflowAtATime(t *testing.T) {
	newSidecar(t)
	var now, most atomic.Int64
	workflow := &Workflow{Name: "narrow", Plan: plan, Concurrency: &Concurrency{Limit: 2, Key: func(inputs map[string]any) (any, error) {
		return inputs["tenant"], nil
	}}}
	workflow.Body = func(ctx context.Context, run *Run) (any, error) {
		return task(ctx, run, "work", StepOptions{Effect: Read}, 0, func(context.Context) (int64, error) {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(10 * time.Millisecond)
			now.Add(-1)
			return 1, nil
		})
	}
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			if _, err := Call(context.Background(), workflow, map[string]any{"tenant": "a"}); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
	if most.Load() != 2 {
		t.Errorf("%d at a time", most.Load())
	}
}

func TestASignalFromOutside(t *testing.T) {
	s := newSidecar(t)
	var lives atomic.Int64
	workflow := &Workflow{Name: "approval", Plan: plan, Body: func(ctx context.Context, run *Run) (any, error) {
		lives.Add(1)
		return run.WaitFor(ctx, "approval", WaitOptions{Signal: "approved", Timeout: time.Minute})
	}}
	// The first caller goes away; the signal comes while nobody has the run.
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if _, err := Call(ctx, workflow, map[string]any{}, WithRunID("a-1")); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	s.conductor("signal", "a-1", "approved", "--data", `{"by":"ada"}`)
	output, err := Call(context.Background(), workflow, map[string]any{}, WithRunID("a-1"))
	if err != nil || string(cel.JSON(output)) != `{"by":"ada"}` || lives.Load() != 2 {
		t.Error(output, err, lives.Load())
	}
	// One that comes while it waits.
	go func() {
		time.Sleep(200 * time.Millisecond)
		s.conductor("signal", "a-2", "approved", "--data", "2")
	}()
	if output, err = Call(context.Background(), workflow, map[string]any{}, WithRunID("a-2")); err != nil || output != int64(2) {
		t.Error(output, err)
	}
}

// TestWorkerProcess is no test: it is what TestAWorkerDiesInACall starts. Its first call kills it.
func TestWorkerProcess(t *testing.T) {
	folder := os.Getenv("CONDUCTOR_WORKER")
	if folder == "" {
		t.Skip("only started by another test")
	}
	charge := Task{Function: "go:example.com/shop.Charge", Signature: "blake3:1", Run: func(ctx context.Context, args map[string]any) (any, error) {
		info, _ := CurrentStep(ctx)
		if info.Key != "charge" || TraceParent(ctx) == "" {
			return nil, errors.New("the step or the trace is lost")
		}
		mark := filepath.Join(folder, "died")
		if _, err := os.Stat(mark); err != nil {
			_ = os.WriteFile(mark, nil, 0o600)
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		if args["amount"] == "0" {
			return nil, &declined{"nothing", 402}
		}
		return args["amount"], nil
	}}
	_ = Serve(context.Background(), nil, []Task{charge})
}

func TestAWorkerDiesInACall(t *testing.T) {
	s := newSidecar(t)
	stop := make(chan struct{})
	var workers sync.WaitGroup
	workers.Add(1)
	go func() { // whoever runs the worker starts it again
		defer workers.Done()
		for {
			worker := exec.Command(os.Args[0], "-test.run=^TestWorkerProcess$")
			worker.Env = append(os.Environ(), "CONDUCTOR_WORKER="+s.folder)
			if err := worker.Start(); err != nil {
				t.Error(err)
				return
			}
			ended := make(chan struct{})
			go func() {
				_ = worker.Wait()
				close(ended)
			}()
			select {
			case <-ended:
			case <-stop:
				_ = worker.Process.Kill()
				<-ended
				return
			}
		}
	}()
	defer workers.Wait()
	defer close(stop)
	workflow := func(amount string) *Workflow {
		return &Workflow{Name: "order", Plan: plan, Body: func(ctx context.Context, run *Run) (any, error) {
			ctx = WithTraceParent(ctx, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
			step := run.Step("charge", StepOptions{Timeout: 20 * time.Second})
			for step.NextAttempt(ctx) {
				output, err := step.Invoke(ctx, "go:example.com/shop.Charge", "blake3:1", map[string]any{"amount": amount})
				if err != nil {
					step.Fail(err)
				} else {
					step.SucceedRaw(output)
				}
			}
			return step.RawOutput()
		}}
	}
	if output, err := Call(context.Background(), workflow("5"), map[string]any{}); err != nil || output != "5" {
		t.Error(output, err)
	}
	var failed *WorkflowError
	var cause *declined
	if _, err := Call(context.Background(), workflow("0"), map[string]any{}); !errors.As(err, &failed) || !errors.As(err, &cause) || cause.Reason != "nothing" {
		t.Error(err)
	}
}

func TestAMissingWorkerIsNamed(t *testing.T) {
	newSidecar(t)
	workflow := &Workflow{Name: "order", Plan: plan, Body: func(ctx context.Context, run *Run) (any, error) {
		step := run.Step("charge", StepOptions{Effect: Read, Timeout: 200 * time.Millisecond})
		for step.NextAttempt(ctx) {
			_, err := step.Invoke(ctx, "py:shop.charge", "blake3:1", map[string]any{})
			step.Fail(err)
		}
		return nil, step.Err()
	}}
	_, err := Call(context.Background(), workflow, map[string]any{})
	var recorded *RecordedError
	if !errors.As(err, &recorded) || recorded.Types[0] != "conductor.NoWorker" {
		t.Error(err)
	}
}
