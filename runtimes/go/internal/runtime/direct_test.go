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
)

func TestAParallelBlockWithoutAJournal(t *testing.T) {
	local := NewLocal("quote", nil)
	boom := errors.New("boom")
	group := closures(context.Background(), local.Branching("checks", ParallelOptions{}))
	var cancelled atomic.Int64
	for range 3 {
		group.Go("waits", func(ctx context.Context) error {
			<-ctx.Done()
			cancelled.Add(1)
			return ctx.Err()
		})
	}
	group.Go("fails", func(context.Context) error { return &StepError{"fails", 1, boom} })
	if err := group.Wait(); !errors.Is(err, boom) || cancelled.Load() != 3 {
		t.Error(err, cancelled.Load())
	}
	waiting := closures(context.Background(), local.Branching("checks", ParallelOptions{Wait: true, MaxConcurrency: 1}))
	var order []string
	for _, name := range []string{"a", "b", "c"} {
		waiting.Go(name, func(context.Context) error {
			order = append(order, name)
			return local.Fail(name, "No", name)
		})
	}
	if failure := local.Caught(waiting.Wait(), "No"); failure == nil || failure.Step != "a" || !slices.Equal(order, []string{"a", "b", "c"}) {
		t.Error(failure, order)
	}
}

func TestAPanicOfABranchGoesOnInTheOneWhoWaits(t *testing.T) {
	local := NewLocal("quote", nil)
	for _, options := range []ParallelOptions{{}, {Wait: true}} {
		func() {
			defer func() {
				if recover() != "mine" {
					t.Error("the panic was lost")
				}
			}()
			group := closures(context.Background(), local.Branching("checks", options))
			group.Go("panics", func(context.Context) error { panic("mine") })
			group.Go("waits", func(context.Context) error { return nil })
			_ = group.Wait()
		}()
	}
}

func TestOutsideCancellationIsNoFailure(t *testing.T) {
	local := NewLocal("quote", nil)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	group := closures(ctx, local.Branching("naps", ParallelOptions{}))
	group.Go("nap", func(ctx context.Context) error { return local.Sleep(ctx, "nap", time.Hour) })
	group.Go("nap", func(ctx context.Context) error { return local.Sleep(ctx, "nap", time.Hour) })
	err := local.Tolerate("naps", group.Wait())
	if err == nil || local.Caught(err) != nil || !errors.Is(local.Failed(ctx, err), context.Canceled) {
		t.Error(err)
	}
}

func TestDeadlinesWithoutAJournal(t *testing.T) {
	local := NewLocal("quote", nil)
	err := local.Deadline(context.Background(), "block", 10*time.Millisecond, func(ctx context.Context) error {
		err := local.Sleep(ctx, "nap", time.Hour)
		return local.Finally(ctx, err, func(ctx context.Context) error { return ctx.Err() })
	})
	if failure := local.Caught(err, "DeadlineExceeded"); failure == nil || failure.Step != "block" || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	// A pause that would end after the deadline is not begun.
	began := time.Now()
	err = local.Deadline(context.Background(), "block", 20*time.Millisecond, func(ctx context.Context) error {
		return local.BackOff(ctx, time.Hour)
	})
	if local.Caught(err, "DeadlineExceeded") == nil || time.Since(began) > time.Second {
		t.Error(err)
	}
}

func TestTimeLimitsOfDirectCalls(t *testing.T) {
	stops := func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, fmt.Errorf("asking: %w", ctx.Err())
	}
	hangs := func(context.Context) (int, error) {
		time.Sleep(50 * time.Millisecond)
		return 5, nil
	}
	limit := 10 * time.Millisecond
	var timeout *TimeoutError
	var unknown *OutcomeUnknown
	ctx := context.Background()
	if _, err := Try(ctx, Around{Effect: Read, Timeout: limit}, stops); !errors.As(err, &timeout) || err.Error() != "no answer within 10 ms" {
		t.Error(err)
	}
	if _, err := Try(ctx, Around{InDoubt: FailInDoubt, Timeout: limit}, stops); !errors.As(err, &unknown) {
		t.Error(err)
	}
	if _, err := Try(ctx, Around{Effect: Read, Timeout: limit, Blocking: true}, hangs); !errors.As(err, &timeout) {
		t.Error(err)
	}
	if value, err := Try(ctx, Around{Timeout: limit, Blocking: true}, hangs); err != nil || value != 5 {
		t.Error(value, err, "the real end of a write counts")
	}
	if _, err := Try(ctx, Around{Timeout: limit}, func(context.Context) (int, error) { panic("x") }); err == nil {
		t.Error("a panic is a failure")
	}
}

func TestBreakersOpenAndCloseAgain(t *testing.T) {
	breaker := NewBreaker("ask", BreakerOptions{Failures: 2, Window: time.Minute, OpenFor: 20 * time.Millisecond, HalfOpenCalls: 1})
	no := errors.New("no")
	ask := func(err error) error {
		return TryNull(context.Background(), Around{Effect: Read, Breaker: breaker, BreakerKey: "eu"}, func(context.Context) error { return err })
	}
	var open *CircuitOpen
	for range 2 {
		if ask(no) != no {
			t.Error("it opened too early")
		}
	}
	if !errors.As(ask(nil), &open) {
		t.Error("it did not open after two failures")
	}
	if _, err := breaker.begin(context.Background(), "us"); err != nil {
		t.Error("each key has its own")
	}
	time.Sleep(25 * time.Millisecond)
	for range 2 {
		if ask(nil) != nil {
			t.Error("it did not close after a success")
		}
	}
	for i := range 10_000 {
		_, _ = breaker.begin(context.Background(), int64(i))
	}
	if len(breaker.keyed) > 600 {
		t.Errorf("%d keys are remembered", len(breaker.keyed))
	}
	rate := NewBreaker("ask", BreakerOptions{FailureRate: 0.5, MinCalls: 4, Window: time.Minute, OpenFor: time.Minute})
	for _, err := range []error{nil, nil, no, no} {
		call, refusal := rate.begin(context.Background(), nil)
		if refusal != nil {
			t.Error("it opened too early")
		}
		call.done(err)
	}
	if _, err := rate.begin(context.Background(), nil); err == nil {
		t.Error("half of four calls failed")
	}
}

func TestPermitsGoToWhoCameFirst(t *testing.T) {
	pool := NewPool("printer", PoolOptions{Permits: 1})
	var lock sync.Mutex
	var order []int
	var group sync.WaitGroup
	holding, release := make(chan struct{}), make(chan struct{})
	group.Add(1)
	go func() {
		defer group.Done()
		_ = TryNull(context.Background(), Around{Uses: []*Pool{pool}}, func(context.Context) error {
			close(holding)
			<-release
			return nil
		})
	}()
	<-holding
	for i := range 5 {
		group.Add(1)
		go func() {
			defer group.Done()
			_ = TryNull(context.Background(), Around{Uses: []*Pool{pool}}, func(context.Context) error {
				lock.Lock()
				defer lock.Unlock()
				order = append(order, i)
				return nil
			})
		}()
		for waiting(pool) != i+1 {
			time.Sleep(time.Millisecond)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if err := TryNull(ctx, Around{Uses: []*Pool{pool}}, func(context.Context) error { return nil }); IsFailure(err) || err == nil {
		t.Error(err)
	}
	close(release)
	group.Wait()
	if !slices.Equal(order, []int{0, 1, 2, 3, 4}) || pool.permits.held != 0 {
		t.Error(order, pool.permits.held)
	}
}

func waiting(pool *Pool) int {
	pool.permits.lock.Lock()
	defer pool.permits.lock.Unlock()
	return pool.permits.waiting.Len()
}

func TestARateIsKeptInEverySpan(t *testing.T) {
	limit := starts{permits: 2, per: 100 * time.Millisecond}
	base := time.Now()
	var got []int64
	for _, at := range []int64{0, 0, 0, 10, 10, 400} {
		got = append(got, limit.reserve(base.Add(time.Duration(at)*time.Millisecond)).Sub(base).Milliseconds())
	}
	if !slices.Equal(got, []int64{0, 0, 100, 100, 200, 400}) {
		t.Error(got)
	}
}

func TestAHeldConnectionServesTheStepsInside(t *testing.T) {
	var opened, closed atomic.Int64
	client := NewClient("db", NewPool("db", PoolOptions{Permits: 1}), func(context.Context) (*int, error) {
		opened.Add(1)
		return new(int), nil
	}, func(*int) error {
		closed.Add(1)
		return nil
	})
	local := NewLocal("quote", nil)
	err := local.Hold(context.Background(), "hold", client.Pool(), func(ctx context.Context) error {
		return TryNull(ctx, Around{Uses: []*Pool{client.Pool()}}, func(ctx context.Context) error {
			_, err := client.Get(ctx)
			return err
		})
	})
	if err != nil || Close(context.Background()) != nil || opened.Load() != 1 || closed.Load() != 1 {
		t.Error(err, opened.Load(), closed.Load())
	}
	broken := NewClient("db", nil, func(context.Context) (int, error) { return 0, errors.New("refused") }, nil)
	var unavailable *ResourceUnavailable
	if _, err := broken.Get(context.Background()); !errors.As(err, &unavailable) || !IsRetryable(err, On{}) {
		t.Error(err)
	}
}

func TestWhatADirectWorkflowDidIsUndone(t *testing.T) {
	local := NewLocal("quote", []Option{WithRunID("q-1")})
	var undone []string
	for _, key := range []string{"a", "b"} {
		local.UndoWith(key, func(context.Context) error {
			undone = append(undone, key)
			return nil
		})
	}
	err := local.Failed(context.Background(), local.StepFailed(context.Background(), "c", 2, errors.New("no")))
	var failed *WorkflowError
	if !errors.As(err, &failed) || err.Error() != "workflow quote failed at step c after 2 attempts (run q-1): no" || !slices.Equal(undone, []string{"b", "a"}) {
		t.Error(err, undone)
	}
	if other := NewLocal("quote", nil); local.Key("c") != "q-1/c" || other.ID() == newID() || other.ID() != other.ID()[:36] {
		t.Error("ids")
	}
}

func TestWhichErrorsAreTriedAgain(t *testing.T) {
	status := func(code string) error { return &RemoteError{Types: []string{"NotFound", "HttpError"}, Status: code} }
	for _, each := range []struct {
		err  error
		on   On
		want bool
	}{
		{errors.New("x"), On{}, true},
		{&Panic{Value: 1}, On{}, false},
		{&Panic{Value: 1}, On{Retry: []string{"Panic"}}, true},
		{status("503"), On{}, true},
		{status("404"), On{}, false},
		{status("429"), On{}, true},
		{status("404"), On{Retry: []string{"4xx"}}, true},
		{status("503"), On{Abort: []string{"NotFound"}}, false},
		{circuitOpen("x", ""), On{}, false},
		{circuitOpen("x", ""), On{Retry: []string{"CircuitOpen"}}, true},
		{overTime(time.Second), On{}, true},
		{overDeadline(time.Second), On{Retry: []string{"TimeoutError"}}, false},
		{outcomeUnknown("x"), On{Retry: []string{"OutcomeUnknown"}}, false},
		{fmt.Errorf("x: %w", &declined{}), On{Retry: []string{"declined"}}, true},
		{fmt.Errorf("x: %w", &declined{}), On{Abort: []string{"conductor.invalid/internal/runtime.declined"}}, false},
		{&recordedAs{}, On{}, false},
		{&cancelled{errDecided}, On{}, false},
	} {
		if got := IsRetryable(each.err, each.on); got != each.want {
			t.Errorf("%v %v: %v", each.err, each.on, got)
		}
	}
}

// recordedAs is an error of another language.
type recordedAs struct{}

func (*recordedAs) Error() string { return "x" }

func (*recordedAs) ConductorTypes() []string { return []string{"builtins.TypeError"} }

func TestPausesGrowWithinTheirBounds(t *testing.T) {
	if Exponential(4, time.Second, 2, time.Minute, NoJitter) != 8*time.Second || Exponential(4000, time.Second, 2, time.Minute, NoJitter) != time.Minute {
		t.Error("exponential")
	}
	if Linear(3, time.Second, time.Minute, NoJitter) != 3*time.Second || Constant(time.Hour, time.Minute, NoJitter) != time.Minute {
		t.Error("linear, constant")
	}
	for range 1000 {
		if full, equal := Constant(time.Second, time.Minute, FullJitter), Constant(time.Second, time.Minute, EqualJitter); full > time.Second || full < 0 || equal < time.Second/2 || equal > time.Second {
			t.Fatal(full, equal)
		}
	}
}

func TestManyDirectRunsLeaveNothingBehind(t *testing.T) {
	local := NewLocal("quote", nil)
	settle := leaks(t)
	for range 20_000 {
		group := closures(context.Background(), local.Branching("p", ParallelOptions{}))
		for range 3 {
			group.Go("x", func(ctx context.Context) error {
				return TryNull(ctx, Around{Effect: Read, Timeout: time.Minute}, func(context.Context) error { return nil })
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	settle()
}

func TestRunIDsAreVersion7(t *testing.T) {
	id := newID()
	if len(id) != 36 || id[14] != '7' || !strings.ContainsRune("89ab", rune(id[19])) {
		t.Error(id)
	}
}
