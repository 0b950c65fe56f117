package runtime

// The lease: until when this process may begin attempts of its runs.
// This file knows no messages; whoever gets an answer renews it.

import (
	"context"
	"sync"
	"time"
)

// lease counts on the monotonic clock.
type lease struct {
	lock    sync.Mutex
	length  time.Duration // unknown until the sidecar has said it in its answer to hello
	until   time.Time
	renewed chan struct{} // closed at the next renewal; nil while nobody waits
}

func (l *lease) setLength(length time.Duration, sent time.Time) {
	l.lock.Lock()
	l.length = length
	l.lock.Unlock()
	l.renew(sent)
}

// renew: an answer to what was sent then has come.
func (l *lease) renew(sent time.Time) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.until = later(l.until, sent.Add(l.length))
	if l.renewed != nil {
		close(l.renewed)
		l.renewed = nil
	}
}

func (l *lease) third() time.Duration {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.length / 3
}

func (l *lease) left() time.Duration {
	l.lock.Lock()
	defer l.lock.Unlock()
	return time.Until(l.until)
}

// wait waits until this process may begin attempts.
func (l *lease) wait(ctx context.Context) error {
	for {
		l.lock.Lock()
		if time.Now().Before(l.until) {
			l.lock.Unlock()
			return nil
		}
		if l.renewed == nil {
			l.renewed = make(chan struct{})
		}
		renewed := l.renewed
		l.lock.Unlock()
		select {
		case <-renewed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
