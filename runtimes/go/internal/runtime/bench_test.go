package runtime

// What the helpers of direct workflows cost beside code that is written by hand.

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var errBench = errors.New("never")

//go:noinline
func noop(ctx context.Context, n int64) (int64, error) {
	if n < 0 {
		return 0, errBench
	}
	return n + 1, nil
}

func BenchmarkParallelOfTenByHand(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ctx, cancel := context.WithCancel(context.Background())
		var group sync.WaitGroup
		var once sync.Once
		var first error
		var results [10]int64
		for i := range 10 {
			group.Add(1)
			go func() {
				defer group.Done()
				value, err := noop(ctx, int64(i))
				if err != nil {
					once.Do(func() {
						first = err
						cancel()
					})
					return
				}
				results[i] = value
			}()
		}
		group.Wait()
		cancel()
		if first != nil {
			b.Fatal(first)
		}
	}
}

// ten are branches that come to the same.
type ten struct{ last atomic.Int64 }

func (t *ten) branch(ctx context.Context) error {
	value, err := noop(ctx, 1)
	t.last.Store(value)
	return err
}

func BenchmarkParallelOfTen(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		local := NewLocal("bench", nil)
		group := Parallel(context.Background(), local.Branching("p", ParallelOptions{}), &ten{})
		for range 10 {
			group.Go("x", (*ten).branch)
		}
		if err := group.Wait(); err != nil {
			b.Fatal(err)
		}
	}
}

// handBreaker is what one would write: a mutex, a count in a window, three states.
type handBreaker struct {
	lock     sync.Mutex
	isOpen   bool
	until    time.Time
	failures []time.Time
}

func (h *handBreaker) allow() bool {
	h.lock.Lock()
	defer h.lock.Unlock()
	return !h.isOpen || time.Now().After(h.until)
}

func (h *handBreaker) done(err error) {
	h.lock.Lock()
	defer h.lock.Unlock()
	if err == nil {
		h.isOpen = false
		return
	}
	now := time.Now()
	kept := h.failures[:0]
	for _, at := range h.failures {
		if now.Sub(at) < 30*time.Second {
			kept = append(kept, at)
		}
	}
	h.failures = append(kept, now)
	if len(h.failures) >= 5 {
		h.isOpen, h.until = true, now.Add(30*time.Second)
	}
}

func BenchmarkGuardedStepByHand(b *testing.B) {
	b.ReportAllocs()
	breaker := &handBreaker{}
	once := func(ctx context.Context) (int64, error) {
		if !breaker.allow() {
			return 0, errBench
		}
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		value, err := noop(ctx, 1)
		breaker.done(err)
		return value, err
	}
	for b.Loop() {
		for failures := 0; ; failures++ {
			_, err := once(context.Background())
			if err == nil {
				break
			}
			if failures == 3 {
				b.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
	}
}

func BenchmarkGuardedStep(b *testing.B) {
	b.ReportAllocs()
	breaker := NewBreaker("bench", BreakerOptions{Failures: 5, Window: 30 * time.Second, OpenFor: 30 * time.Second})
	local := NewLocal("bench", nil)
	ctx := context.Background()
	for b.Loop() {
		for failures := 1; ; failures++ {
			_, err := TryQuick(ctx, &Around{Timeout: time.Second, Breaker: breaker}, func(ctx context.Context) (int64, error) { return noop(ctx, 1) })
			if err == nil {
				break
			}
			if failures > 3 || !IsRetryable(err, On{}) {
				b.Fatal(err)
			}
			if err := local.BackOff(ctx, time.Millisecond); err != nil {
				b.Fatal(err)
			}
		}
	}
}
