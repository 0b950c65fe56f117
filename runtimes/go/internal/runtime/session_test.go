package runtime

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

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
