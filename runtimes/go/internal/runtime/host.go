package runtime

// Permits that all processes of the host share: the sidecar grants them; without one this process decides alone. One that
// nobody else waits for is leased: it serves one attempt after the other with no word to the sidecar. Starts of a rate are leased
// ahead, for a moment, to who makes many.
// This file knows nothing of whose turn it is: that is the sidecar's to say.

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// awayFor is how long a workflow without a journal waits for a sidecar that has gone; durable ones wait for its return.
	awayFor = 10 * time.Second
	// askAgainAfter is how long a process that found no sidecar decides alone before it looks for one again.
	askAgainAfter = 5 * time.Second
)

var (
	permitNumbers atomic.Int64
	hostLock      sync.Mutex
	aloneUntil    time.Time
	hasSaid       = map[string]bool{}
)

// takeOfHost takes a permit in its turn among all processes. Not shared where this process has to decide alone.
func takeOfHost(ctx context.Context, pool *Pool, session *session) (giveBack func(), isShared bool, err error) {
	isPatient := session != nil
	if session == nil {
		if session, err = findForHost(ctx, pool); session == nil {
			return nil, false, err
		}
	}
	now, mayStart := time.Now(), pool.options.Rate == 0
	isLeased := session.isConnected() && session.lease.left() > 0
	mayStart = mayStart || (isLeased && session.permits.mayStart(pool.id, now))
	if isLeased && mayStart {
		if mayStart && pool.options.Permits == 0 {
			return func() {}, true, nil // a start is not given back
		}
		if again := session.permits.again(pool.id); again != nil {
			return func() { session.permits.unneeded(again) }, true, nil
		}
	}
	claim := &claim{permit: permitNumbers.Add(1), resource: pool.id, limit: pool.options.Permits}
	params := map[string]any{"permit": claim.permit, "resource": pool.id}
	if pool.options.Permits > 0 {
		params["limit"] = int64(pool.options.Permits)
	}
	if !mayStart {
		params["rate"] = map[string]any{"permits": int64(pool.options.Rate), "per_ms": pool.options.Per.Milliseconds()}
		if spare := session.permits.spare(pool.id, now); spare > 0 {
			params["spare"] = spare
		}
	}
	session.permits.wanted(claim)
	answer, err := session.acquire(ctx, params, isPatient)
	if err == nil {
		keep, mayKeep := answer["keep"]
		session.permits.granted(claim, number(keep), mayKeep)
		if starts, isLeased := answer["starts"].(map[string]any); isLeased {
			within := time.Duration(number(starts["within_ms"])) * time.Millisecond
			session.permits.leased(pool.id, number(starts["count"]), now.Add(within))
		}
		return func() { session.permits.unneeded(claim) }, true, nil
	}
	session.permits.unneeded(claim)
	var refusal *refused
	if errors.As(err, &refusal) {
		sayOnce(pool, "the sidecar refuses: "+refusal.message)
		return nil, false, nil
	}
	if errors.Is(err, errAway) {
		return nil, false, nil
	}
	return nil, true, err
}

var errAway = errors.New("nobody is there to grant the permit")

// acquire waits until the permit is granted.
func (s *session) acquire(ctx context.Context, params map[string]any, isPatient bool) (map[string]any, error) {
	type answer struct {
		result map[string]any
		err    error
	}
	answers := make(chan answer, 1)
	number := s.request("permit.acquire", params, func(result any, err error) {
		granted, _ := result.(map[string]any)
		answers <- answer{granted, err}
	})
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	var awaySince time.Time
	for {
		select {
		case answer := <-answers:
			return answer.result, answer.err
		case <-ctx.Done():
			s.forget(number)
			return nil, context.Cause(ctx)
		case now := <-ticker.C:
			switch {
			case isPatient || s.isConnected():
				awaySince = time.Time{}
			case awaySince.IsZero():
				awaySince = now
			case now.Sub(awaySince) > awayFor:
				s.forget(number)
				return nil, errAway
			}
		}
	}
}

// findForHost connects on first need, because a workflow without a journal has no session.
func findForHost(ctx context.Context, pool *Pool) (*session, error) {
	mode := sidecarMode()
	if mode == "off" {
		sayOnce(pool, "CONDUCTOR_SIDECAR=off forbids a sidecar")
		return nil, nil
	}
	hostLock.Lock()
	isAlone := mode == "auto" && time.Now().Before(aloneUntil)
	hostLock.Unlock()
	if isAlone {
		return nil, nil
	}
	reason := "there is no sidecar"
	if mode != "auto" || findSocket() != "" {
		session, err := sharedSession(ctx, "that uses "+pool.id, "")
		if err == nil || !errors.Is(err, ErrSidecarUnavailable) {
			return session, err
		}
		if mode != "auto" {
			message := "the limit of " + pool.id + " is the whole host's and needs a sidecar: " + howToStart
			return nil, &WorkflowError{message: message, cause: ErrSidecarUnavailable}
		}
		reason = err.Error()
	}
	hostLock.Lock()
	aloneUntil = time.Now().Add(askAgainAfter)
	hostLock.Unlock()
	sayOnce(pool, reason)
	return nil, nil
}

func sayOnce(pool *Pool, reason string) {
	hostLock.Lock()
	defer hostLock.Unlock()
	if !hasSaid[pool.id] {
		hasSaid[pool.id] = true
		logger().Warn("a limit holds in this process only, not on the whole host", "resource", pool.id, "reason", reason)
	}
}
