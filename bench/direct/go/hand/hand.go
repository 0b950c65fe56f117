// Package hand is what a careful engineer would write for the three workflows: the failed step is named, siblings are
// cancelled and awaited, attempts are limited in time and counted by a breaker.
package hand

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"example.com/direct/tasks"
)

// StepError names the step that failed.
type StepError struct {
	Step     string
	Attempts int
	Err      error
}

func (e *StepError) Error() string {
	return fmt.Sprintf("step %s failed after %d attempts: %v", e.Step, e.Attempts, e.Err)
}

func (e *StepError) Unwrap() error { return e.Err }

// SequenceOfTen passes a value through ten steps.
func SequenceOfTen(ctx context.Context, n int64) (int64, error) {
	s0, err := tasks.Step(ctx, n)
	if err != nil {
		return 0, &StepError{"s0", 1, err}
	}
	s1, err := tasks.Step(ctx, s0)
	if err != nil {
		return 0, &StepError{"s1", 1, err}
	}
	s2, err := tasks.Step(ctx, s1)
	if err != nil {
		return 0, &StepError{"s2", 1, err}
	}
	s3, err := tasks.Step(ctx, s2)
	if err != nil {
		return 0, &StepError{"s3", 1, err}
	}
	s4, err := tasks.Step(ctx, s3)
	if err != nil {
		return 0, &StepError{"s4", 1, err}
	}
	s5, err := tasks.Step(ctx, s4)
	if err != nil {
		return 0, &StepError{"s5", 1, err}
	}
	s6, err := tasks.Step(ctx, s5)
	if err != nil {
		return 0, &StepError{"s6", 1, err}
	}
	s7, err := tasks.Step(ctx, s6)
	if err != nil {
		return 0, &StepError{"s7", 1, err}
	}
	s8, err := tasks.Step(ctx, s7)
	if err != nil {
		return 0, &StepError{"s8", 1, err}
	}
	s9, err := tasks.Step(ctx, s8)
	if err != nil {
		return 0, &StepError{"s9", 1, err}
	}
	return s9, nil
}

var branches = [10]string{"p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"}

// ParallelOfTen makes ten steps at once; the first failure cancels the others, and all have ended when it returns.
func ParallelOfTen(ctx context.Context, n int64) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		results [len(branches)]int64
		group   sync.WaitGroup
		once    sync.Once
		first   error
	)
	fail := func(index int, err error) {
		once.Do(func() {
			first = &StepError{branches[index], 1, err}
			cancel()
		})
	}
	group.Add(len(branches))
	for index := range branches {
		go func() {
			defer group.Done()
			defer func() {
				if thrown := recover(); thrown != nil {
					fail(index, fmt.Errorf("panic: %v", thrown))
				}
			}()
			result, err := tasks.Step(ctx, n)
			if err != nil {
				fail(index, err)
				return
			}
			results[index] = result
		}()
	}
	group.Wait()
	return results[len(branches)-1], first
}

var (
	errOpen = errors.New("the breaker is open")
	guard   = breaker{limit: 5, window: 30 * time.Second, openFor: 10 * time.Second}
)

// breaker opens after `limit` failures within `window`; after openFor it lets one call try.
type breaker struct {
	limit           int
	window, openFor time.Duration

	mu       sync.Mutex
	failures []time.Time
	openedAt time.Time
	trying   bool
}

func (b *breaker) allow() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.openedAt.IsZero() {
		return nil
	}
	if b.trying || time.Since(b.openedAt) < b.openFor {
		return errOpen
	}
	b.trying = true
	return nil
}

func (b *breaker) done(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		if b.trying {
			b.trying, b.openedAt, b.failures = false, time.Time{}, nil
		}
		return
	}
	now := time.Now()
	recent := b.failures[:0]
	for _, at := range b.failures {
		if now.Sub(at) < b.window {
			recent = append(recent, at)
		}
	}
	b.failures = append(recent, now)
	if b.trying || len(b.failures) >= b.limit {
		b.openedAt, b.trying = now, false
	}
}

// GuardedStep makes one step with three retries, a time-out of a second and a breaker.
func GuardedStep(ctx context.Context, n int64) (int64, error) {
	for attempt := 1; ; attempt++ {
		result, err := attempted(ctx, n)
		if err == nil {
			return result, nil
		}
		if attempt > 3 || errors.Is(err, errOpen) || ctx.Err() != nil {
			return 0, &StepError{"guarded", attempt, err}
		}
		pause := min(100*time.Millisecond<<(attempt-1), 30*time.Second)
		select {
		case <-time.After(rand.N(pause)):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func attempted(ctx context.Context, n int64) (result int64, err error) {
	if err := guard.allow(); err != nil {
		return 0, err
	}
	defer func() {
		if thrown := recover(); thrown != nil {
			err = fmt.Errorf("panic: %v", thrown)
		}
		guard.done(err)
	}()
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return tasks.Step(ctx, n)
}
