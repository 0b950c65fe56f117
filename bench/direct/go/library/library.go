// Package library is the three workflows by the usual libraries: errgroup, failsafe-go, gobreaker.
package library

import (
	"context"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/errgroup"

	"example.com/direct/tasks"
)

// ParallelOfTen makes ten steps at once in an errgroup.
func ParallelOfTen(ctx context.Context, n int64) (int64, error) {
	var results [10]int64
	group, ctx := errgroup.WithContext(ctx)
	for index := range results {
		group.Go(func() error {
			result, err := tasks.Step(ctx, n)
			results[index] = result
			return err
		})
	}
	err := group.Wait()
	return results[9], err
}

var executor = failsafe.NewExecutor[int64](
	retrypolicy.Builder[int64]().WithMaxRetries(3).WithBackoff(100*time.Millisecond, 30*time.Second).Build(),
	circuitbreaker.Builder[int64]().WithFailureThreshold(5).WithDelay(10*time.Second).Build(),
	timeout.With[int64](time.Second),
)

// GuardedStep makes one step under failsafe-go's policies.
func GuardedStep(ctx context.Context, n int64) (int64, error) {
	return executor.WithContext(ctx).GetWithExecution(func(execution failsafe.Execution[int64]) (int64, error) {
		return tasks.Step(execution.Context(), n)
	})
}

var breaker = gobreaker.NewCircuitBreaker[int64](gobreaker.Settings{Timeout: 10 * time.Second})

// GuardedByHand makes one step in a loop around gobreaker.
func GuardedByHand(ctx context.Context, n int64) (result int64, err error) {
	for attempt := 0; attempt <= 3; attempt++ {
		result, err = breaker.Execute(func() (int64, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return tasks.Step(ctx, n)
		})
		if err == nil {
			return result, nil
		}
		time.Sleep(100 * time.Millisecond << attempt)
	}
	return 0, err
}
