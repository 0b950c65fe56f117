package runtime

// What a session has of the host's limits: permits in use or waited for, those that it may use again without asking, and
// starts of a rate that it may make without asking.
// This file asks for none, which is for `host.go`.

import (
	"sync"
	"time"
)

type claim struct {
	permit   int64
	resource string
	limit    int
	isHeld   bool
	// number of its lease: it is leased where nobody waited when it was granted, and until somebody does.
	number   int64
	isLeased bool
}

func (c *claim) told() map[string]any {
	told := map[string]any{"permit": c.permit, "resource": c.resource, "held": c.isHeld}
	if c.limit > 0 {
		told["limit"] = int64(c.limit)
	}
	return told
}

type leases struct {
	lock     sync.Mutex
	giveBack func(permit int64)
	held     map[int64]*claim
	idle     map[string][]*claim
	// over is the number of the last lease of each resource that is over.
	over map[string]int64
	// starts of each resource that are leased, and until when.
	starts map[string]*leasedStarts
}

type leasedStarts struct {
	left  int64
	until time.Time
}

func newLeases(giveBack func(permit int64)) *leases {
	return &leases{
		giveBack: giveBack, held: map[int64]*claim{}, idle: map[string][]*claim{}, over: map[string]int64{}, starts: map[string]*leasedStarts{},
	}
}

// mayStart takes a start that is leased.
func (l *leases) mayStart(resource string, now time.Time) bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	leased := l.starts[resource]
	if leased == nil || leased.left == 0 || !now.Before(leased.until) {
		return false
	}
	leased.left--
	return true
}

// spare are leased starts whose time is over; they are said once.
func (l *leases) spare(resource string, now time.Time) int64 {
	l.lock.Lock()
	defer l.lock.Unlock()
	leased := l.starts[resource]
	if leased == nil || now.Before(leased.until) {
		return 0
	}
	delete(l.starts, resource)
	return leased.left
}

// leased: starts may be made without asking.
func (l *leases) leased(resource string, left int64, until time.Time) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.starts[resource] = &leasedStarts{left, until}
}

// claims are what a connection that is made anew must not lose.
func (l *leases) claims() []any {
	l.lock.Lock()
	defer l.lock.Unlock()
	claims := []any{}
	for _, each := range l.held {
		claims = append(claims, each.told())
	}
	return claims
}

// isUsed says whether a connection is needed.
func (l *leases) isUsed() bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	return len(l.held) > 0 || len(l.idle) > 0
}

// wanted: it is asked for.
func (l *leases) wanted(each *claim) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.held[each.permit] = each
}

// granted: it is held, and leased where there is a number.
func (l *leases) granted(each *claim, number int64, isLeased bool) {
	l.lock.Lock()
	defer l.lock.Unlock()
	each.isHeld, each.number, each.isLeased = true, number, isLeased
}

// again takes a permit that is leased and idle.
func (l *leases) again(resource string) *claim {
	l.lock.Lock()
	defer l.lock.Unlock()
	idle := l.idle[resource]
	if len(idle) == 0 {
		return nil
	}
	last := idle[len(idle)-1]
	if len(idle) == 1 {
		delete(l.idle, resource)
	} else {
		l.idle[resource] = idle[:len(idle)-1]
	}
	l.held[last.permit] = last
	return last
}

// unneeded: the attempt has ended, or waits no more.
func (l *leases) unneeded(each *claim) {
	l.lock.Lock()
	_, isKnown := l.held[each.permit]
	delete(l.held, each.permit)
	over, isOver := l.over[each.resource]
	isKept := isKnown && each.isLeased && (!isOver || each.number > over)
	if isKept {
		l.idle[each.resource] = append(l.idle[each.resource], each)
	}
	l.lock.Unlock()
	if isKnown && !isKept {
		l.giveBack(each.permit)
	}
}

// recalled: somebody waits for permits that were leased with this number or one before it.
func (l *leases) recalled(resource string, number int64) {
	l.lock.Lock()
	if over, isOver := l.over[resource]; !isOver || number > over {
		l.over[resource] = number
	}
	var kept, back []*claim
	for _, each := range l.idle[resource] {
		if each.number > number {
			kept = append(kept, each)
		} else {
			back = append(back, each)
		}
	}
	delete(l.idle, resource)
	if len(kept) > 0 {
		l.idle[resource] = kept
	}
	l.lock.Unlock()
	for _, each := range back {
		l.giveBack(each.permit)
	}
}

// lost: the connection is gone, and with it all leases. What is idle is not claimed again, and so free.
func (l *leases) lost() {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.end()
}

func (l *leases) end() {
	clear(l.idle)
	clear(l.starts)
	clear(l.over)
	for _, each := range l.held {
		each.isLeased = false
	}
}

// close gives everything back.
func (l *leases) close() {
	l.lock.Lock()
	var back []*claim
	for _, each := range l.held {
		back = append(back, each)
	}
	for _, idle := range l.idle {
		back = append(back, idle...)
	}
	clear(l.held)
	l.end()
	l.lock.Unlock()
	for _, each := range back {
		l.giveBack(each.permit)
	}
}
