package runtime

import (
	"context"
	"testing"
	"time"

	"conductor.invalid/internal/cel"
)

func provider() *LivePolicy {
	return NewLivePolicy("provider", Numbers{
		Retries: 3, Initial: 200 * time.Millisecond, MaxDelay: 30 * time.Second, Timeout: 2 * time.Second,
		RateLimit: 50, RatePer: time.Second, Bulkhead: 1,
	})
}

func TestWhatIsSetTakesThePlaceOfWhatWasBuilt(t *testing.T) {
	policy := provider()
	policies.changed(map[string]any{"policy": "provider", "numbers": map[string]any{
		"retries": "forever", "initial_ms": int64(500), "timeout_ms": int64(10_000), "deadline_ms": int64(1), "multiplier": 9.0, "patience": int64(1),
	}})
	want := Numbers{
		Retries: Forever, Initial: 500 * time.Millisecond, MaxDelay: 30 * time.Second, Timeout: 10 * time.Second,
		RateLimit: 50, RatePer: time.Second, Bulkhead: 1,
	}
	if got := *policy.now.Load(); got != want {
		t.Errorf("%+v", got)
	}
	report := string(cel.JSON(policy.report()))
	if want := `{"numbers":{"bulkhead":1,"initial_ms":200,"max_delay_ms":30000,"rate_limit":{"per_ms":1000,"permits":50},"retries":3,"timeout_ms":2000},"policy":"provider"}`; report != want {
		t.Error(report)
	}
	policies.changed(map[string]any{"policy": "provider", "numbers": map[string]any{}})
	if policy.Retries() != 3 || policy.Timeout() != 2*time.Second {
		t.Errorf("%+v", *policy.now.Load())
	}
}

func TestAWiderBulkheadLetsInWhoWaits(t *testing.T) {
	policy := provider()
	bulkhead := policy.Bulkhead(NewBulkhead("pay", 1))
	ctx := context.Background()
	if err := bulkhead.take(ctx); err != nil {
		t.Fatal(err)
	}
	entered := make(chan error)
	go func() { entered <- bulkhead.take(ctx) }()
	select {
	case <-entered:
		t.Fatal("two are in where there is room for one")
	case <-time.After(20 * time.Millisecond):
	}
	policy.told(map[string]any{"bulkhead": int64(2)})
	if err := <-entered; err != nil {
		t.Fatal(err)
	}
	later := policy.Bulkhead(NewBulkhead("ask", 1))
	limit := policy.RateLimit(NewRateLimit("ask", 50, time.Second))
	policy.told(map[string]any{"rate_limit": map[string]any{"permits": int64(5), "per_ms": int64(60_000)}})
	if later.limit != 1 || limit.starts.permits != 5 || limit.per != time.Minute {
		t.Error(later.limit, limit.starts.permits, limit.per)
	}
}
