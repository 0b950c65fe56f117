package runtime

// A session with the sidecar: requests and answers, the lease, and a connection that comes back.
// This file knows neither steps nor workflows; it keeps the journals of the runs that are owned.

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"conductor.invalid/internal/cel"
)

const (
	protocolVersion = 1

	codeRunUnknown = -32011
	codeStaleEpoch = -32013
	codeEnded      = -32015
	codeLimit      = -32016
	codeStore      = -32017

	closeWithin = time.Second
)

// refused: the sidecar answered a request with an error.
type refused struct {
	code    int64
	message string
}

func (r *refused) Error() string { return r.message }

var errHungUp = errors.New("the connection was lost")

// request is one that waits for its answer, over connections.
type request struct {
	line []byte
	sent time.Time
	// isOnce: it is not sent again on another connection, because the sidecar may have passed it on.
	isOnce, isSent bool
	// then gets the answer, in the one goroutine that reads.
	then func(result any, err error)
}

// sessionOptions say what a session is there for.
type sessionOptions struct {
	serve      int
	workflows  []*Workflow
	tasks      []Task
	dispatched func(map[string]any)
}

// session is what a process and the sidecar have to say to each other.
type session struct {
	id      string
	options sessionOptions
	lease   lease

	lock         sync.Mutex
	conn         *connection // greeted; nil while there is none
	hasDefined   bool        // the sidecar was told the Plans over it
	isClosing    bool
	opening      chan struct{} // closed when the attempt to connect that is under way has ended
	reason       string        // why it failed
	reconnecting bool
	requests     map[int64]*request
	nextID       int64
	helloID      int64 // of the last greeting
	owned        map[string]*journal
	executions   map[string]*execution
	permits      *leases
	ahead        *ahead
	calls        map[int64]context.CancelFunc
	ticker       *time.Timer
	valueBytes   int
	messageBytes int
	isBackground bool // the sidecar is one that an application has started: where it is gone, another one is
}

func newSession(options sessionOptions) *session {
	s := &session{
		id: newID(), options: options, requests: map[int64]*request{}, nextID: 1, owned: map[string]*journal{},
		executions: map[string]*execution{}, calls: map[int64]context.CancelFunc{},
		valueBytes: 4 << 20, messageBytes: 16 << 20,
	}
	s.permits = newLeases(func(permit int64) { s.notify("permit.release", map[string]any{"permit": permit}) })
	s.ahead = newAhead(s.id, func(then func(any, error)) { s.request("log.open", map[string]any{}, then) })
	return s
}

// request asks; the answer may take until the sidecar is back. `then` must not block. It gives the request's number.
func (s *session) request(method string, params map[string]any, then func(any, error)) int64 {
	s.lock.Lock()
	number := s.nextID
	s.nextID++
	line := messageLine(map[string]any{"jsonrpc": "2.0", "id": number, "method": method, "params": params})
	if len(line) > s.messageBytes {
		limit := s.messageBytes
		s.lock.Unlock()
		// The sidecar would hang up on it, and again whenever it is sent after that.
		then(nil, &refused{codeLimit, fmt.Sprintf("it takes %d bytes; a message has at most %d", len(line), limit)})
		return number
	}
	conn := s.conn
	s.requests[number] = &request{line: line, sent: time.Now(), then: then, isOnce: method == "task.invoke", isSent: conn != nil}
	s.lock.Unlock()
	if conn != nil {
		conn.send(line)
	}
	return number
}

func messageLine(message map[string]any) []byte { return append(cel.JSON(message), '\n') }

// forget lets the answer come unseen.
func (s *session) forget(number int64) {
	s.lock.Lock()
	defer s.lock.Unlock()
	delete(s.requests, number)
}

// ask waits for the answer, or until the context is done.
func (s *session) ask(ctx context.Context, method string, params map[string]any) (map[string]any, error) {
	type answer struct {
		result any
		err    error
	}
	answers := make(chan answer, 1)
	number := s.request(method, params, func(result any, err error) { answers <- answer{result, err} })
	select {
	case got := <-answers:
		result, _ := got.result.(map[string]any)
		return result, got.err
	case <-ctx.Done():
		s.forget(number)
		return nil, context.Cause(ctx)
	}
}

// notify tells; nothing is answered.
func (s *session) notify(method string, params map[string]any) {
	s.send(messageLine(map[string]any{"jsonrpc": "2.0", "method": method, "params": params}))
}

// send sends now, or not at all.
func (s *session) send(line []byte) {
	s.lock.Lock()
	conn := s.conn
	s.lock.Unlock()
	if conn != nil {
		conn.send(line)
	}
}

func (s *session) isConnected() bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.conn != nil
}

// received handles a line, in the one goroutine that reads.
func (s *session) received(conn *connection, line []byte) {
	value, err := cel.ParseJSON(line)
	message, ok := value.(map[string]any)
	if err != nil || !ok {
		logger().Error("the sidecar sent what is not JSON", "line", string(line))
		return
	}
	method, isCall := message["method"].(string)
	if isCall {
		params, _ := message["params"].(map[string]any)
		s.called(conn, method, message["id"], params)
		return
	}
	failure, _ := message["error"].(map[string]any)
	if message["id"] == nil {
		s.misunderstood(failure)
		return
	}
	s.lock.Lock()
	number := number(message["id"])
	asked, ok := s.requests[number]
	delete(s.requests, number)
	s.lock.Unlock()
	if !ok {
		return
	}
	s.lease.renew(asked.sent)
	if failure != nil {
		text, _ := failure["message"].(string)
		asked.then(nil, &refused{code(failure), text})
		return
	}
	asked.then(message["result"], nil)
}

// misunderstood: before the greeting is answered it means that we are not let in. Its answer will not come then, and the lease
// is not renewed.
func (s *session) misunderstood(failure map[string]any) {
	s.lock.Lock()
	greeting := s.requests[s.helloID]
	delete(s.requests, s.helloID)
	s.lock.Unlock()
	if greeting == nil {
		logger().Error("the sidecar did not understand", "error", failure)
		return
	}
	text, _ := failure["message"].(string)
	greeting.then(nil, &refused{code(failure), text})
}

func code(failure map[string]any) int64 { return number(failure["code"]) }

// called handles what the sidecar says of itself.
func (s *session) called(conn *connection, method string, id any, params map[string]any) {
	switch method {
	case "run.dispatch":
		if s.options.dispatched != nil {
			s.options.dispatched(params)
		}
		return
	case "breaker.changed":
		breakers.told(params)
		return
	case "policy.changed":
		policies.changed(params)
		return
	case "permit.recall":
		resource, _ := params["resource"].(string)
		s.permits.recalled(resource, number(params["keep"]))
		return
	case "task.invoke":
		s.invoked(conn, id, params)
		return
	case "task.cancel":
		s.lock.Lock()
		cancel := s.calls[number(params["call"])]
		s.lock.Unlock()
		if cancel != nil {
			cancel()
		}
		return
	}
	run, _ := params["run"].(string)
	s.lock.Lock()
	journal := s.owned[run]
	s.lock.Unlock()
	if journal == nil {
		journal = s.ahead.left(run)
	}
	if journal == nil {
		return
	}
	if method == "run.ack" {
		if sent := journal.acknowledged(number(params["seq"])); !sent.IsZero() {
			s.lease.renew(sent)
		}
		return
	}
	if number(params["epoch"]) == journal.epoch {
		s.told(journal, method, params)
	}
}

// told handles what the sidecar says of a run that is owned.
func (s *session) told(journal *journal, method string, params map[string]any) {
	text := func(name string) string {
		value, _ := params[name].(string)
		return value
	}
	switch method {
	case "run.refused":
		code := code(params)
		if code == codeStore && journal.refused(number(params["seq"])) {
			return
		}
		if code != codeRunUnknown && code != codeStaleEpoch && code != codeStore {
			journal.lock.Lock()
			journal.refusal = text("message")
			journal.lock.Unlock()
		}
		s.giveUp(journal, text("message"))
	case "run.cancelling":
		journal.onCancelling(text("reason"))
	case "run.signal":
		journal.onSignal(signalOf(params))
	}
}

// giveUp: the run is another's.
func (s *session) giveUp(journal *journal, reason string) {
	logger().Info("a run is given up", "run", journal.run, "reason", reason)
	s.disown(journal)
	journal.lose(reason)
}

// own takes a journal of a run that it owns from now on. Where it had the run before, others had it in between.
func (s *session) own(journal *journal) {
	s.lock.Lock()
	before := s.owned[journal.run]
	s.owned[journal.run] = journal
	s.lock.Unlock()
	if before != nil {
		s.giveUp(before, "it was handed out again")
	}
}

func (s *session) disown(journal *journal) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.owned[journal.run] == journal {
		delete(s.owned, journal.run)
	}
}

// release gives an unfinished run back.
func (s *session) release(journal *journal) {
	journal.flush()
	if journal.stop(finished) {
		s.disown(journal)
		s.notify("run.release", map[string]any{"run": journal.run, "epoch": journal.epoch})
	}
}

// close hangs up, after what is to be sent.
func (s *session) close() {
	s.lock.Lock()
	s.isClosing = true
	if s.ticker != nil {
		s.ticker.Stop()
	}
	var journals []*journal
	for _, each := range s.owned {
		journals = append(journals, each)
	}
	conn := s.conn
	s.lock.Unlock()
	for _, each := range journals {
		s.release(each)
	}
	s.permits.close()
	reporter.detach(s, true)
	breakers.detach(s, true)
	s.ahead.lost()
	if conn == nil {
		return
	}
	done := make(chan struct{})
	go func() {
		conn.close()
		conn.written.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(closeWithin):
		_ = conn.socket.Close()
	}
}
