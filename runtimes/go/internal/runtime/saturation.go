package runtime

// How full pools are and how long their permits are waited for, told to the sidecar a few times a second at most.
// This file knows no permits and no clients; those tell it what happens to them.

import (
	"slices"
	"sync"
	"time"
)

// reportEach: changes that come closer together are told together.
const reportEach = 200 * time.Millisecond

// usage is what is held of one pool in this process, and what has happened to it since the last report.
type usage struct {
	id, scope string
	limit     int
	inUse     int
	waits     int
	opened    int
	failed    int
	waitedMS  map[int64]int64
	isTold    bool
}

// reports are those of the process: any of its sessions will do to speak for it.
type reports struct {
	lock     sync.Mutex
	usages   map[string]*usage
	order    []*usage
	sessions []*session
	isDue    bool
	last     time.Time
}

var reporter = reports{usages: map[string]*usage{}}

// usageOf gives that of a pool, by its id.
func usageOf(id, scope string, limit int) *usage {
	reporter.lock.Lock()
	defer reporter.lock.Unlock()
	known, ok := reporter.usages[id]
	if !ok {
		known = &usage{id: id, scope: scope, limit: limit, waitedMS: map[int64]int64{}, isTold: true}
		reporter.usages[id] = known
		reporter.order = append(reporter.order, known)
	}
	return known
}

func (u *usage) change(change func()) {
	reporter.lock.Lock()
	defer reporter.lock.Unlock()
	change()
	u.isTold = false
	reporter.schedule()
}

// waiting: somebody waits for a permit from now on.
func (u *usage) waiting() time.Time {
	u.change(func() { u.waits++ })
	return time.Now()
}

// waited: the wait has ended, with a permit or without.
func (u *usage) waited(began time.Time, isGranted bool) {
	waited := rounded(time.Since(began))
	u.change(func() {
		u.waits--
		if isGranted {
			u.inUse++
			u.waitedMS[waited]++
		}
	})
}

// freed: a permit is given back.
func (u *usage) freed() { u.change(func() { u.inUse-- }) }

// opening: a client was opened, or could not be.
func (u *usage) opening(hasSucceeded bool) {
	u.change(func() {
		if hasSucceeded {
			u.opened++
		} else {
			u.failed++
		}
	})
}

// report is as it is now; what only counts is counted anew from here on.
func (u *usage) report() map[string]any {
	waited := []any{}
	for milliseconds, count := range u.waitedMS {
		waited = append(waited, []any{milliseconds, count})
	}
	report := map[string]any{
		"id": u.id, "scope": u.scope, "in_use": int64(u.inUse), "waiting": int64(u.waits), "opened": int64(u.opened),
		"failed": int64(u.failed), "waited_ms": waited,
	}
	if u.limit > 0 {
		report["limit"] = int64(u.limit)
	}
	u.opened, u.failed, u.waitedMS, u.isTold = 0, 0, map[int64]int64{}, true
	return report
}

// rounded is milliseconds with two digits that count, so that few of them differ.
func rounded(waited time.Duration) int64 {
	milliseconds, step := waited.Milliseconds(), int64(1)
	for milliseconds >= 100*step {
		step *= 10
	}
	return milliseconds / step * step
}

// schedule sees to it that a report is sent soon, with the lock held.
func (r *reports) schedule() {
	if r.isDue || len(r.sessions) == 0 {
		return
	}
	r.isDue = true
	time.AfterFunc(max(0, time.Until(r.last.Add(reportEach))), r.tell)
}

// tell reports what has changed.
func (r *reports) tell() {
	r.lock.Lock()
	r.isDue = false
	if len(r.sessions) == 0 {
		r.lock.Unlock()
		return
	}
	session := r.sessions[0]
	r.last = time.Now()
	list := []any{}
	for _, each := range r.order {
		if !each.isTold {
			list = append(list, each.report())
		}
	}
	r.lock.Unlock()
	if len(list) > 0 {
		session.notify("resource.report", map[string]any{"resources": list})
	}
}

// attach: the session is connected; the sidecar may know nothing of this process yet.
func (r *reports) attach(session *session) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if !slices.Contains(r.sessions, session) {
		r.sessions = append(r.sessions, session)
	}
	for _, each := range r.order {
		each.isTold = false
	}
	if len(r.order) > 0 {
		r.schedule()
	}
}

// detach: the session is not connected any more, or will not be; another one speaks from here on.
func (r *reports) detach(session *session, isLastWord bool) {
	r.lock.Lock()
	isFirst := len(r.sessions) > 0 && r.sessions[0] == session
	r.lock.Unlock()
	if isLastWord && isFirst {
		r.tell()
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	if at := slices.Index(r.sessions, session); at >= 0 {
		r.sessions = slices.Delete(r.sessions, at, at+1)
	}
}
