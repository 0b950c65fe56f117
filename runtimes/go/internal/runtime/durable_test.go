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

// missing says by a method that it is another error, as syscall.Errno does.
type missing struct{}

func (missing) Error() string { return "missing" }

func (missing) Is(target error) bool { return target == errMissing }

var errMissing = errors.New("there is none")

func TestSentinelsAreMatchedAsErrorsIsDoes(t *testing.T) {
	Sentinel("example.com/shop.ErrMissing", errMissing)
	for _, err := range []error{errMissing, fmt.Errorf("loading: %w", errMissing), errors.Join(errors.New("x"), errMissing), missing{}, fmt.Errorf("%w", missing{})} {
		names := typeNames(err)
		for _, pattern := range []string{"ErrMissing", "shop.ErrMissing", "example.com/shop.ErrMissing"} {
			if !matches(pattern, names, "") {
				t.Errorf("%s does not mean %v", pattern, names)
			}
		}
		for _, pattern := range []string{"Missing", "op.ErrMissing", "ErrGone", "com/shop.ErrMissing"} {
			if matches(pattern, names, "") {
				t.Errorf("%s means %v", pattern, names)
			}
		}
	}
	if names := typeNames(errors.New("there is none")); matches("ErrMissing", names, "") {
		t.Error(names)
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
