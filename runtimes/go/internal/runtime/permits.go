package runtime

// Permits and rate limits of this process: who may begin now, and who is next. First come, first served.
// This file knows neither clients nor journals.

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// permits is a bounded number of permits.
type permits struct {
	limit   int
	lock    sync.Mutex
	held    int
	waiting list.List // of chan struct{}, closed when granted
}

// take takes a permit in its turn.
func (p *permits) take(ctx context.Context) error {
	p.lock.Lock()
	if p.waiting.Len() == 0 && p.held < p.limit {
		p.held++
		p.lock.Unlock()
		return nil
	}
	granted := make(chan struct{})
	place := p.waiting.PushBack(granted)
	p.lock.Unlock()
	select {
	case <-granted:
		return nil
	case <-ctx.Done():
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	select {
	case <-granted: // in the same moment
		p.release()
	default:
		p.waiting.Remove(place)
	}
	return context.Cause(ctx)
}

// giveBack gives a permit to the next in the queue.
func (p *permits) giveBack() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.release()
}

// change makes it another number; those that are held are kept.
func (p *permits) change(limit int) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.limit = limit
	p.letIn()
}

func (p *permits) release() {
	p.held--
	p.letIn()
}

func (p *permits) letIn() {
	for p.held < p.limit && p.waiting.Len() > 0 {
		next := p.waiting.Front()
		p.waiting.Remove(next)
		p.held++
		close(next.Value.(chan struct{}))
	}
}

// starts knows when the last attempts began or will begin, as many as matter: `permits` may begin in each span of `per`,
// wherever the span is laid.
type starts struct {
	permits int
	per     time.Duration
	lock    sync.Mutex
	at      []time.Time
}

// change makes it another rate for those who come from now on.
func (s *starts) change(permits int, per time.Duration) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.permits, s.per = permits, per
}

// reserve gives the moment, not before now, at which the next attempt may begin.
func (s *starts) reserve(now time.Time) time.Time {
	s.lock.Lock()
	defer s.lock.Unlock()
	past := 0
	for past < len(s.at) && !s.at[past].Add(s.per).After(now) {
		past++
	}
	s.at = append(s.at[:0], s.at[past:]...)
	at := now
	if index := len(s.at) - max(s.permits, 1); index >= 0 {
		at = later(at, s.at[index].Add(s.per))
	}
	// The starts in waiting are in order, so that the newest is never before the one before it.
	if len(s.at) > 0 {
		at = later(at, s.at[len(s.at)-1])
	}
	s.at = append(s.at, at)
	return at
}

func later(one, other time.Time) time.Time {
	if other.After(one) {
		return other
	}
	return one
}

// wait waits for the moment at which an attempt may begin.
func (s *starts) wait(ctx context.Context) error {
	now := time.Now()
	return sleep(ctx, s.reserve(now).Sub(now))
}

// sleep waits, unless the context ends first: then it gives the cause.
func sleep(ctx context.Context, pause time.Duration) error {
	if pause <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// RateLimit is that of a task.
type RateLimit struct{ starts }

// NewRateLimit lets so many attempts begin in each span of time.
func NewRateLimit(task string, permits int, per time.Duration) *RateLimit {
	return &RateLimit{starts{permits: permits, per: per}}
}

// Bulkhead bounds how many attempts of a task run at the same time.
type Bulkhead struct{ permits }

// NewBulkhead makes one.
func NewBulkhead(task string, limit int) *Bulkhead {
	return &Bulkhead{permits{limit: limit}}
}
