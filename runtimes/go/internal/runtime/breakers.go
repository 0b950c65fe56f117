package runtime

// Circuit breakers that all processes of the host share: what the sidecar says of them, and what it is told.
// This file counts no calls; breaker.go does. Without a sidecar each process decides alone, and says so.

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// answerWithin is how long a call waits for the answer whether it may try, before this process decides alone.
const answerWithin = time.Second

// speaker knows the breakers of the process, and its sessions: any of them will do to speak for it.
type speaker struct {
	isJoined atomic.Bool // the sidecar hears what happens here
	// isSettled: the sidecar hears, or was looked for not long ago. Calls look at nothing else while it holds.
	isSettled atomic.Bool

	lock     sync.Mutex
	circuits map[string][]*circuit
	sessions []*session
	// standing is what the sidecar last said of breakers that this process may not have yet.
	standing map[string]map[string]any
	sidecar  int64
	joining  sync.Mutex
	reason   string
	said     map[string]bool
}

var breakers = speaker{
	circuits: map[string][]*circuit{}, standing: map[string]map[string]any{}, said: map[string]bool{}, reason: "there is no sidecar",
}

// add: a breaker that is used from now on.
func (s *speaker) add(c *circuit) {
	s.lock.Lock()
	s.circuits[c.id] = append(s.circuits[c.id], c)
	change := s.standing[c.id]
	s.lock.Unlock()
	if change != nil {
		c.told(change)
	} else if s.isJoined.Load() && !strings.Contains(c.id, ":") {
		s.report(map[string]any{"breaker": c.id, "event": "used"})
	}
}

// remove: a breaker of which nothing is remembered any more.
func (s *speaker) remove(c *circuit) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.circuits[c.id] = slices.DeleteFunc(s.circuits[c.id], func(each *circuit) bool { return each == c })
	if len(s.circuits[c.id]) == 0 {
		delete(s.circuits, c.id)
	}
}

// isUsed says whether a session is worth having for breakers alone.
func (s *speaker) isUsed() bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	return len(s.circuits) > 0
}

// join looks for the sidecar where it is not heard yet: a workflow without a journal has no session.
func (s *speaker) join(ctx context.Context) error {
	s.joining.Lock()
	defer s.joining.Unlock()
	if s.isJoined.Load() || s.isSettled.Load() {
		return nil
	}
	// Nobody waits again and again for one that has gone: its session looks for it by itself.
	defer func() {
		s.isSettled.Store(true)
		time.AfterFunc(askAgainAfter, func() { s.isSettled.Store(s.isJoined.Load()) })
	}()
	reason := ""
	switch {
	case os.Getenv("CONDUCTOR_SIDECAR") == "off":
		reason = "CONDUCTOR_SIDECAR=off forbids a sidecar"
	case findSocket() == "":
		reason = "there is no sidecar"
	default:
		_, err := sharedSession(ctx, "with policies", "")
		if err != nil && !errors.Is(err, ErrSidecarUnavailable) {
			return err
		}
		if err != nil {
			reason = err.Error()
		}
	}
	if reason != "" {
		s.lock.Lock()
		s.reason = reason
		s.lock.Unlock()
	}
	return nil
}

// speaks gives a session; nil where there is none.
func (s *speaker) speaks() *session {
	s.lock.Lock()
	defer s.lock.Unlock()
	if len(s.sessions) == 0 {
		return nil
	}
	return s.sessions[0]
}

// report tells the sidecar; again where the connection is lost meanwhile.
func (s *speaker) report(params map[string]any) {
	if session := s.speaks(); session != nil {
		session.request("breaker.report", params, func(any, error) {})
	}
}

// decidedAlone: a breaker opens of which no other process hears.
func (s *speaker) decidedAlone(id string) {
	s.lock.Lock()
	hasSaid, reason := s.said[id], s.reason
	s.said[id] = true
	s.lock.Unlock()
	if !hasSaid {
		logger().Warn("a circuit breaker opens in this process alone", "breaker", id, "reason", reason)
	}
}

// probe asks whether a call may try, while the breaker is open for all; nil where this process has to decide alone.
func (s *speaker) probe(ctx context.Context, id string) map[string]any {
	session := s.speaks()
	if session == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	answers := make(chan map[string]any, 1)
	session.request("breaker.probe", map[string]any{"breaker": id}, func(result any, _ error) {
		answer, _ := result.(map[string]any)
		if of := answer["of"]; of != nil && ctx.Err() != nil {
			// Nobody makes the call any more for which it is granted.
			s.report(map[string]any{"breaker": id, "event": "abandoned", "of": of})
			return
		}
		answers <- answer
	})
	select {
	case answer := <-answers:
		return answer
	case <-ctx.Done():
		return nil
	}
}

// attach: the session is connected; takes over what holds, and reports what the sidecar cannot know.
func (s *speaker) attach(session *session, answer map[string]any) {
	about, _ := answer["sidecar"].(map[string]any)
	changes, _ := answer["breakers"].([]any)
	s.lock.Lock()
	now := number(about["pid"])
	isSame := s.sidecar == now
	s.sidecar = now
	s.standing = map[string]map[string]any{}
	for _, each := range changes {
		change, _ := each.(map[string]any)
		id, _ := change["breaker"].(string)
		s.standing[id] = change
	}
	if !slices.Contains(s.sessions, session) {
		s.sessions = append(s.sessions, session)
	}
	s.isJoined.Store(true)
	s.isSettled.Store(true)
	standing := maps.Clone(s.standing)
	all := make(map[string][]*circuit, len(s.circuits))
	for id, known := range s.circuits {
		all[id] = slices.Clone(known)
	}
	s.lock.Unlock()
	for id, known := range all {
		s.agree(id, known, standing[id], isSame)
	}
}

func (s *speaker) agree(id string, known []*circuit, change map[string]any, isSame bool) {
	isSaid := isSame
	for _, each := range known {
		own := each.own(isSame)
		switch {
		case change != nil:
			each.told(change)
		case own == nil || isSame:
			each.unmentioned()
		}
		if own != nil {
			s.report(own)
			isSaid = true
		}
	}
	if !isSaid && !strings.Contains(id, ":") {
		s.report(map[string]any{"breaker": id, "event": "used"})
	}
}

// told: the sidecar says what has become of a breaker.
func (s *speaker) told(change map[string]any) {
	id, _ := change["breaker"].(string)
	s.lock.Lock()
	if change["state"] == "closed" && change["forced"] != true {
		delete(s.standing, id)
	} else {
		s.standing[id] = change
	}
	known := slices.Clone(s.circuits[id])
	s.lock.Unlock()
	for _, each := range known {
		each.told(change)
	}
}

// detach: the session is not connected any more.
func (s *speaker) detach(session *session, isWanted bool) {
	s.lock.Lock()
	at := slices.Index(s.sessions, session)
	if at >= 0 {
		s.sessions = slices.Delete(s.sessions, at, at+1)
		s.reason = "the sidecar is away"
		s.isJoined.Store(len(s.sessions) > 0)
		s.isSettled.Store(len(s.sessions) > 0)
	}
	isAlone := at >= 0 && len(s.sessions) == 0 && len(s.circuits) > 0
	s.lock.Unlock()
	if isAlone && !isWanted {
		logger().Warn("the sidecar is away: circuit breakers decide for this process alone")
	}
}
