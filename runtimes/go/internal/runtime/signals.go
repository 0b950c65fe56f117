package runtime

// Signals of a run: those that have come, and those that are waited for. A signal counts once; the first to wait gets
// the first that came.
// This file knows one run's mailbox, not who sends.

import (
	"context"
	"slices"
	"sync"
)

type signal struct {
	ordinal int64
	name    string
	id      string
	data    any
}

func signalOf(params map[string]any) signal {
	name, _ := params["signal"].(string)
	id, _ := params["id"].(string)
	return signal{number(params["ordinal"]), name, id, params["data"]}
}

type mailbox struct {
	session *session
	run     string

	asking sync.Mutex // held while those that came unheard are asked for

	lock    sync.Mutex
	isAsked bool // whether none can have come unheard
	known   map[int64]bool
	gone    map[string]bool // ids of those that were taken
	kept    []signal        // by ordinal
	waiting []*signalWaiter
}

type signalWaiter struct {
	name  string
	taken chan signal
}

func newMailbox(session *session, run string) *mailbox {
	return &mailbox{session: session, run: run, known: map[int64]bool{}, gone: map[string]bool{}}
}

// taken notes the signals that an earlier life of the run took.
func (m *mailbox) taken(ids []string) {
	m.lock.Lock()
	defer m.lock.Unlock()
	for _, id := range ids {
		m.gone[id] = true
	}
	m.kept = slices.DeleteFunc(m.kept, func(each signal) bool { return m.gone[each.id] })
}

// deliver: a signal has come.
func (m *mailbox) deliver(came signal) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.known[came.ordinal] || m.gone[came.id] {
		return
	}
	m.known[came.ordinal] = true
	for i, waiter := range m.waiting {
		if waiter.name == came.name {
			m.waiting = slices.Delete(m.waiting, i, i+1)
			waiter.taken <- came
			return
		}
	}
	at, _ := slices.BinarySearchFunc(m.kept, came, func(one, other signal) int { return int(one.ordinal - other.ordinal) })
	m.kept = slices.Insert(m.kept, at, came)
}

// take gives the oldest signal of the name, or the next. Whoever goes away leaves it to others.
func (m *mailbox) take(ctx context.Context, name string) (signal, error) {
	if err := m.ask(ctx); err != nil {
		return signal{}, err
	}
	m.lock.Lock()
	for i, each := range m.kept {
		if each.name == name {
			m.kept = slices.Delete(m.kept, i, i+1)
			m.lock.Unlock()
			return each, nil
		}
	}
	waiter := &signalWaiter{name, make(chan signal, 1)}
	m.waiting = append(m.waiting, waiter)
	isAsked := m.isAsked
	m.lock.Unlock()
	if !isAsked {
		go func() { _ = m.ask(ctx) }() // the connection was lost in the same moment
	}
	select {
	case came := <-waiter.taken:
		return came, nil
	case <-ctx.Done():
	}
	m.lock.Lock()
	m.waiting = slices.DeleteFunc(m.waiting, func(each *signalWaiter) bool { return each == waiter })
	m.lock.Unlock()
	select {
	case came := <-waiter.taken: // in the same moment
		return came, nil
	default:
		return signal{}, context.Cause(ctx)
	}
}

// missed: the connection was lost for a while, and something may have come.
func (m *mailbox) missed(ctx context.Context) {
	m.lock.Lock()
	m.isAsked = false
	isAwaited := len(m.waiting) > 0
	m.lock.Unlock()
	if isAwaited {
		go func() { _ = m.ask(ctx) }() // whoever waits next asks again
	}
}

// ask asks, page by page, for the signals that came before this process had the run, or while it heard nothing.
func (m *mailbox) ask(ctx context.Context) error {
	m.asking.Lock()
	defer m.asking.Unlock()
	params := map[string]any{"run": m.run}
	for hasMore := !m.hasAsked(); hasMore; {
		answer, err := m.session.ask(ctx, "signal.list", params)
		if err != nil {
			return err
		}
		list, _ := answer["signals"].([]any)
		for _, each := range list {
			came, _ := each.(map[string]any)
			found := signalOf(came)
			m.deliver(found)
			params["from"] = found.ordinal + 1
		}
		if hasMore = answer["more"] == true; !hasMore {
			m.lock.Lock()
			m.isAsked = true
			m.lock.Unlock()
		}
	}
	return context.Cause(ctx)
}

func (m *mailbox) hasAsked() bool {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.isAsked
}
