package runtime

// How a session finds the sidecar, greets it, and comes back to it.
// This file knows no runs, only whose they are.

import (
	"context"
	"fmt"
	"os"
	"time"
)

// firstDelays are the pauses before the attempts to connect for the first time.
var firstDelays = []time.Duration{0, 50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond}

const maxReconnectDelay = time.Second

// open connects unless it is connected. It says why that cannot be.
func (s *session) open(ctx context.Context) (reason string, err error) {
	s.lock.Lock()
	if s.conn != nil || s.reconnecting {
		s.lock.Unlock()
		return "", nil
	}
	if s.opening == nil {
		s.opening = make(chan struct{})
		go s.openFirst(s.opening)
	}
	done := s.opening
	s.lock.Unlock()
	select {
	case <-done:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.conn != nil || s.reconnecting {
		return "", nil
	}
	return s.reason, nil
}

func (s *session) openFirst(done chan struct{}) {
	reason := ""
	for _, delay := range firstDelays {
		time.Sleep(delay)
		if reason = s.connect(); reason == "" {
			break
		}
		if mayStart() {
			if why := startSidecar(); why != "" {
				reason += ", and " + why
			} else {
				reason = s.connect()
			}
			break
		}
	}
	s.lock.Lock()
	s.reason = reason
	s.opening = nil
	needed := reason == "" && s.conn == nil // lost again meanwhile
	if needed {
		s.reconnecting = true
	}
	s.lock.Unlock()
	if needed {
		go s.reconnect()
	}
	close(done)
}

// connect connects and greets. It says why that cannot be.
func (s *session) connect() string {
	path := findSocket()
	if path == "" {
		return "there is no .conductor/sidecar.sock here or above"
	}
	token, err := ownToken(path)
	if err != nil {
		return fmt.Sprintf("%s cannot be reached (%s)", path, err)
	}
	socket, err := dial(path)
	if err != nil {
		return fmt.Sprintf("%s cannot be reached (%s)", path, err)
	}
	conn := newConnection(socket)
	introduce(conn, token)
	if err := s.greet(conn); err != nil {
		conn.close()
		if _, isRefusal := err.(*refused); isRefusal {
			return fmt.Sprintf("the sidecar at %s refuses: %s", path, err)
		}
		return fmt.Sprintf("the sidecar at %s hung up", path)
	}
	return ""
}

// greet says hello and takes what the answer says of the runs that were owned.
func (s *session) greet(conn *connection) error {
	s.lock.Lock()
	// A dispatch may come in the same breath as the answer: it was not claimed, so it is not lost.
	claimed := make([]*journal, 0, len(s.owned))
	for _, each := range s.owned {
		claimed = append(claimed, each)
	}
	number := s.nextID
	s.nextID++
	s.helloID = number
	greeted := make(chan error, 1)
	sent := time.Now()
	s.requests[number] = &request{sent: sent, then: func(result any, err error) {
		if err == nil {
			s.welcome(conn, result.(map[string]any), claimed, sent)
		}
		greeted <- err
	}}
	line := messageLine(map[string]any{"jsonrpc": "2.0", "id": number, "method": "hello", "params": s.helloParams(claimed)})
	s.lock.Unlock()
	go func() {
		conn.read(func(line []byte) { s.received(conn, line) })
		s.lostConnection(conn, number)
	}()
	conn.send(line)
	return <-greeted
}

// helloParams are made with the lock held.
func (s *session) helloParams(claimed []*journal) map[string]any {
	plans, owned, tasks := []any{}, []any{}, []any{}
	for _, each := range s.options.workflows {
		plans = append(plans, each.served())
	}
	for _, each := range claimed {
		owned = append(owned, map[string]any{"run": each.run, "epoch": each.epoch})
	}
	for _, each := range s.options.tasks {
		tasks = append(tasks, map[string]any{"function": each.Function, "signature": each.Signature})
	}
	hello := map[string]any{
		"protocol":      map[string]any{"min": int64(protocolVersion), "max": int64(protocolVersion)},
		"session":       s.id,
		"client":        map[string]any{"name": "conductor-go", "version": Version, "language": "go"},
		"pid":           int64(os.Getpid()),
		"process_start": processStart(),
		"serve":         int64(s.options.serve),
		"plans":         plans, "owned": owned, "permits": s.permits.claims(),
	}
	if len(tasks) > 0 {
		hello["tasks"] = tasks
	}
	return hello
}

func (s *session) welcome(conn *connection, answer map[string]any, claimed []*journal, sent time.Time) {
	s.lease.setLength(time.Duration(number(answer["lease_ms"]))*time.Millisecond, sent)
	limits, _ := answer["limits"].(map[string]any)
	s.lock.Lock()
	s.conn = conn
	s.hasDefined = false
	sidecar, _ := answer["sidecar"].(map[string]any)
	s.isBackground = sidecar["background"] == true
	s.valueBytes, s.messageBytes = int(number(limits["value_bytes"])), int(number(limits["message_bytes"]))
	for _, each := range s.requests {
		each.sent, each.isSent = time.Now(), true
		conn.send(each.line)
	}
	if s.ticker == nil && !s.isClosing {
		s.ticker = time.AfterFunc(s.lease.third(), s.tick)
	}
	s.lock.Unlock()
	kept := map[string]map[string]any{}
	items, _ := answer["owned"].([]any)
	for _, each := range items {
		item, _ := each.(map[string]any)
		run, _ := item["run"].(string)
		kept[run] = item
	}
	for _, journal := range claimed {
		s.reclaim(conn, journal, kept[journal.run])
	}
	reporter.attach(s)
	breakers.attach(s, answer)
	policies.attach(s, answer)
	if wanted, _ := answer["wanted"].([]any); len(wanted) > 0 && len(s.options.workflows) > 0 {
		s.define(s.options.workflows[0].Plans)
	}
}

// define tells the Plans of the build, once over each connection.
func (s *session) define(plans string) {
	line := []byte(`{"jsonrpc":"2.0","method":"plan.define","params":` + plans + "}\n")
	s.lock.Lock()
	isDue := plans != "" && !s.hasDefined && len(line) <= s.messageBytes
	s.hasDefined = true
	s.lock.Unlock()
	if isDue {
		s.send(line)
	}
}

func (s *session) reclaim(conn *connection, journal *journal, item map[string]any) {
	s.lock.Lock()
	isOwned := s.owned[journal.run] == journal
	s.lock.Unlock()
	switch {
	case !isOwned:
	case item == nil || number(item["epoch"]) != journal.epoch:
		s.giveUp(journal, "another session owns the run")
	default:
		journal.resume(conn, number(item["next_seq"]))
		journal.onReclaimed()
		if item["cancelling"] == true {
			journal.onCancelling("cancelled while the connection was lost")
		}
	}
}

// tick renews the lease where nothing else has of late.
func (s *session) tick() {
	third := s.lease.third()
	s.lock.Lock()
	isConnected := s.conn != nil
	if s.isClosing {
		s.lock.Unlock()
		return
	}
	s.ticker.Reset(third)
	s.lock.Unlock()
	if isConnected && s.lease.left() < 2*third {
		s.request("ping", map[string]any{}, func(any, error) {})
	}
}

func (s *session) lostConnection(conn *connection, hello int64) {
	s.lock.Lock()
	greeting := s.requests[hello]
	delete(s.requests, hello)
	wasCurrent := s.conn == conn
	var journals []*journal
	var lost []*request
	if wasCurrent {
		s.conn = nil
		for _, each := range s.owned {
			journals = append(journals, each)
		}
		lost = s.takeLost()
	}
	isNeeded := len(s.requests) > 0 || len(s.owned) > 0 || s.permits.isUsed() || breakers.isUsed() || policies.isUsed() ||
		s.options.serve > 0 || len(s.options.tasks) > 0
	if wasCurrent {
		s.permits.lost()
	}
	again := wasCurrent && isNeeded && !s.isClosing && s.opening == nil && !s.reconnecting
	if again {
		s.reconnecting = true
	}
	s.lock.Unlock()
	if wasCurrent {
		s.ahead.lost()
	}
	if greeting != nil {
		greeting.then(nil, errHungUp)
	}
	if !wasCurrent {
		return
	}
	for _, each := range journals {
		each.offline()
	}
	for _, each := range lost {
		each.then(map[string]any{"lost": true}, nil)
	}
	reporter.detach(s, false)
	breakers.detach(s, false)
	if again {
		s.reconnect()
	}
}

// takeLost takes the calls of other processes' functions, with the lock held: nobody knows how far they came.
func (s *session) takeLost() []*request {
	var lost []*request
	for number, each := range s.requests {
		if each.isOnce && each.isSent {
			lost = append(lost, each)
			delete(s.requests, number)
		}
	}
	return lost
}

func (s *session) reconnect() {
	delay := 20 * time.Millisecond
	for hasSaid := false; ; {
		reason := s.connect()
		s.lock.Lock()
		isOver, isBackground := s.isClosing || s.conn != nil, s.isBackground
		if isOver {
			s.reconnecting = false
		}
		s.lock.Unlock()
		if isOver {
			return
		}
		if !hasSaid && reason != "" {
			logger().Warn("the sidecar is away, waiting for it", "reason", reason)
			hasSaid = true
		}
		if isBackground && mayStart() {
			_ = startSidecar()
		}
		time.Sleep(delay)
		delay = min(2*delay, maxReconnectDelay)
	}
}
