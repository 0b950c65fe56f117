package runtime

// Numbers of named policies, which people may change while the process runs: the manifest's until the sidecar says others.
// This file decides nothing by them; generated code and limits read them where they need them.

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Forever is a number of retries that nobody reaches.
const Forever = math.MaxInt

// Numbers are those of a policy. What it does not limit is zero.
type Numbers struct {
	Retries           int
	Initial, MaxDelay time.Duration
	Multiplier        float64
	Timeout, Deadline time.Duration
	RateLimit         int
	RatePer           time.Duration
	Bulkhead          int
}

// LivePolicy has the numbers of one policy as they hold now.
type LivePolicy struct {
	id    string
	built Numbers
	now   atomic.Pointer[Numbers]

	lock      sync.Mutex
	limits    []*RateLimit
	bulkheads []*Bulkhead
}

// NewLivePolicy makes the policy of that id with the numbers that it was built with.
func NewLivePolicy(id string, built Numbers) *LivePolicy {
	p := &LivePolicy{id: id, built: built}
	p.now.Store(&built)
	policies.add(p)
	return p
}

// Retries is how many there may be after the first attempt.
func (p *LivePolicy) Retries() int { return p.now.Load().Retries }

// Initial is the pause before the first retry.
func (p *LivePolicy) Initial() time.Duration { return p.now.Load().Initial }

// MaxDelay is the longest pause.
func (p *LivePolicy) MaxDelay() time.Duration { return p.now.Load().MaxDelay }

// Multiplier is the growth of the pause.
func (p *LivePolicy) Multiplier() float64 { return p.now.Load().Multiplier }

// Timeout is the longest time of one attempt.
func (p *LivePolicy) Timeout() time.Duration { return p.now.Load().Timeout }

// Deadline is the longest time of all attempts.
func (p *LivePolicy) Deadline() time.Duration { return p.now.Load().Deadline }

// RateLimit gives the limit, whose numbers are the policy's from now on.
func (p *LivePolicy) RateLimit(limit *RateLimit) *RateLimit {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.limits = append(p.limits, limit)
	p.apply()
	return limit
}

// Bulkhead gives the bulkhead, whose width is the policy's from now on.
func (p *LivePolicy) Bulkhead(bulkhead *Bulkhead) *Bulkhead {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.bulkheads = append(p.bulkheads, bulkhead)
	p.apply()
	return bulkhead
}

// Hear looks for the sidecar, which tells the numbers: a workflow without a journal has no session.
func Hear(ctx context.Context) error {
	if breakers.isSettled.Load() {
		return nil
	}
	return breakers.join(ctx)
}

// apply brings what the policy limits up to its numbers, with the lock held.
func (p *LivePolicy) apply() {
	now := p.now.Load()
	for _, limit := range p.limits {
		limit.change(now.RateLimit, now.RatePer)
	}
	for _, bulkhead := range p.bulkheads {
		bulkhead.change(now.Bulkhead)
	}
}

// told: people have set these numbers, and no others. Those that the policy was not built with are not there to be changed.
func (p *LivePolicy) told(sent map[string]any) {
	now := p.built
	milliseconds := func(name string, of *time.Duration) {
		if value, ok := sent[name]; ok && *of > 0 {
			*of = time.Duration(number(value)) * time.Millisecond
		}
	}
	switch retries := sent["retries"]; retries {
	case nil:
	case "forever":
		now.Retries = Forever
	default:
		now.Retries = int(number(retries))
	}
	if value, ok := sent["initial_ms"]; ok {
		now.Initial = time.Duration(number(value)) * time.Millisecond
	}
	if value, ok := sent["max_delay_ms"]; ok {
		now.MaxDelay = time.Duration(number(value)) * time.Millisecond
	}
	if value, ok := sent["multiplier"]; ok && now.Multiplier > 0 {
		now.Multiplier = fraction(value)
	}
	milliseconds("timeout_ms", &now.Timeout)
	milliseconds("deadline_ms", &now.Deadline)
	if rate, ok := sent["rate_limit"].(map[string]any); ok && now.RateLimit > 0 {
		now.RateLimit = int(number(rate["permits"]))
		now.RatePer = time.Duration(number(rate["per_ms"])) * time.Millisecond
	}
	if value, ok := sent["bulkhead"]; ok && now.Bulkhead > 0 {
		now.Bulkhead = int(number(value))
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.now.Store(&now)
	p.apply()
}

func fraction(of any) float64 {
	if value, ok := of.(float64); ok {
		return value
	}
	return float64(number(of))
}

// report is what it was built with, as messages have it.
func (p *LivePolicy) report() map[string]any {
	built := p.built
	numbers := map[string]any{"initial_ms": built.Initial.Milliseconds(), "max_delay_ms": built.MaxDelay.Milliseconds()}
	numbers["retries"] = int64(built.Retries)
	if built.Retries == Forever {
		numbers["retries"] = "forever"
	}
	if built.Multiplier > 0 {
		numbers["multiplier"] = built.Multiplier
	}
	if built.Timeout > 0 {
		numbers["timeout_ms"] = built.Timeout.Milliseconds()
	}
	if built.Deadline > 0 {
		numbers["deadline_ms"] = built.Deadline.Milliseconds()
	}
	if built.RateLimit > 0 {
		numbers["rate_limit"] = map[string]any{"permits": int64(built.RateLimit), "per_ms": built.RatePer.Milliseconds()}
	}
	if built.Bulkhead > 0 {
		numbers["bulkhead"] = int64(built.Bulkhead)
	}
	return map[string]any{"policy": p.id, "numbers": numbers}
}

// livePolicies are those of the process.
type livePolicies struct {
	lock  sync.Mutex
	known map[string]*LivePolicy
	// standing is what the sidecar last said.
	standing map[string]map[string]any
}

var policies = livePolicies{known: map[string]*LivePolicy{}, standing: map[string]map[string]any{}}

func (l *livePolicies) add(p *LivePolicy) {
	l.lock.Lock()
	l.known[p.id] = p
	sent := l.standing[p.id]
	l.lock.Unlock()
	if sent != nil {
		p.told(sent)
	}
	if session := breakers.speaks(); session != nil {
		session.notify("policy.report", map[string]any{"policies": []any{p.report()}})
	}
}

// isUsed says whether a session is worth having for policies alone.
func (l *livePolicies) isUsed() bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	return len(l.known) > 0
}

// attach: the session is connected; takes over what people have set, and tells what the process has.
func (l *livePolicies) attach(session *session, answer map[string]any) {
	said, _ := answer["policies"].([]any)
	standing := map[string]map[string]any{}
	for _, each := range said {
		change, _ := each.(map[string]any)
		id, _ := change["policy"].(string)
		standing[id], _ = change["numbers"].(map[string]any)
	}
	l.lock.Lock()
	l.standing = standing
	reports := []any{}
	var known []*LivePolicy
	for _, each := range l.known {
		known = append(known, each)
		reports = append(reports, each.report())
	}
	l.lock.Unlock()
	for _, each := range known {
		each.told(standing[each.id])
	}
	if len(reports) > 0 {
		session.notify("policy.report", map[string]any{"policies": reports})
	}
}

// changed: people have set numbers of a policy, or taken them back.
func (l *livePolicies) changed(change map[string]any) {
	id, _ := change["policy"].(string)
	sent, _ := change["numbers"].(map[string]any)
	l.lock.Lock()
	l.standing[id] = sent
	known := l.known[id]
	l.lock.Unlock()
	if known != nil {
		known.told(sent)
	}
}
