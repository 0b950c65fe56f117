package runtime

// The session of this process that all callers share.
// This file knows nothing of what a session says.

import (
	"context"
	"sync"
	"time"
)

var (
	sharedLock sync.Mutex
	shared     *session
)

// sharedSession is connected; it is an error where no sidecar can be reached.
func sharedSession(ctx context.Context, workflow, run string) (*session, error) {
	if err := mayConnect(workflow, run); err != nil {
		return nil, err
	}
	sharedLock.Lock()
	if shared == nil {
		shared = newSession(sessionOptions{})
	}
	session := shared
	sharedLock.Unlock()
	reason, err := session.open(ctx)
	if err != nil {
		return nil, err
	}
	if reason != "" {
		return nil, unavailable(workflow, run, reason)
	}
	return session, nil
}

// Close gives the runs of this process back, after what has begun has settled, closes the clients of resources, and hangs
// up. What is called afterwards begins anew.
func Close(ctx context.Context) error {
	sharedLock.Lock()
	session := shared
	shared = nil
	sharedLock.Unlock()
	var err error
	if session != nil {
		err = session.drain(ctx)
		session.close()
	}
	return firstError(err, closeClients(ctx))
}

// drain gives the runs of the session back; those that are in a write end it first.
func (s *session) drain(ctx context.Context) error {
	s.lock.Lock()
	var list []*execution
	for _, each := range s.executions {
		list = append(list, each)
	}
	s.lock.Unlock()
	for _, each := range list {
		each.giveBack()
	}
	timer := time.NewTimer(settleWithin)
	defer timer.Stop()
	for _, each := range list {
		select {
		case <-each.done:
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
