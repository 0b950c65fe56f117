package runtime

// Circuit breakers: closed, open, half open. The states are Nygard's ("Release It!", 2007); the window is counted in
// slices, so that its memory does not grow with the calls.
// This file knows the ends of calls, not what was called.

import (
	"sync"
	"sync/atomic"
	"time"

	"conductor.invalid/internal/cel"
)

// slices is how many parts a window has: the oldest part is forgotten as a whole.
const windowSlices = 10

// BreakerOptions say when a breaker opens and closes. Failures counts in the window; where it is 0, FailureRate does once
// there are MinCalls.
type BreakerOptions struct {
	Failures      int
	FailureRate   float64
	MinCalls      int
	Window        time.Duration
	OpenFor       time.Duration
	HalfOpenCalls int
	On            On // which errors are no failures: those that the policy does not retry
}

// Breaker is that of one task, or of each value of its key.
type Breaker struct {
	name    string
	options BreakerOptions
	only    circuit

	lock    sync.Mutex
	keyed   map[string]*circuit
	sweepAt int // how many keys make it look for those that are forgotten
}

// NewBreaker makes a breaker that is closed.
func NewBreaker(name string, options BreakerOptions) *Breaker {
	options.HalfOpenCalls = max(options.HalfOpenCalls, 1)
	made := &Breaker{name: name, options: options}
	made.only.id, made.only.name = name, name
	breakers.add(&made.only)
	return made
}

// States of a circuit.
const (
	closed uint32 = iota
	open
	halfOpen
)

type circuit struct {
	id, name string
	// isNoted: something is said of it, so that a call has to look.
	isNoted atomic.Bool
	// state is changed with the lock held, and read without it: while it is closed, calls need no lock.
	state     atomic.Uint32
	lock      sync.Mutex
	until     time.Duration
	trying    int
	succeeded int
	window    [windowSlices]slice
	numbers   map[string]any // of the policy that opened it, as the sidecar is told
	// word is what is said of it: suspect, or as a person has decided open or closed.
	word, why  string
	generation int64
	isProbing  bool // the next call of this process, which decides on the suspicion, has begun
	isForAll   bool // it is open for all processes
	askAt      time.Duration
}

type slice struct {
	number   int64
	calls    int
	failures int
}

// epoch is what moments are counted from.
var epoch = time.Now()

// of gives the circuit of a key; nil is none.
func (b *Breaker) of(key any) *circuit {
	if key == nil {
		return &b.only
	}
	name := string(cel.JSON(key))
	b.lock.Lock()
	defer b.lock.Unlock()
	known, ok := b.keyed[name]
	if !ok {
		if b.keyed == nil {
			b.keyed = map[string]*circuit{}
		}
		b.sweep()
		id := b.name + ":" + name
		if text, isText := key.(string); isText {
			id = b.name + ":" + text
		}
		known = &circuit{id: id, name: b.name + " " + name}
		b.keyed[name] = known
		breakers.add(known)
	}
	return known
}

// sweep forgets the keys of which there is nothing to remember, whenever there are twice as many, with the lock held.
func (b *Breaker) sweep() {
	if len(b.keyed) < max(b.sweepAt, 256) {
		return
	}
	for name, each := range b.keyed {
		if each.isAsNew(&b.options) {
			delete(b.keyed, name)
			breakers.remove(each)
		}
	}
	b.sweepAt = 2 * len(b.keyed)
}

// isAsNew says whether the circuit is closed and no call in its window matters.
func (c *circuit) isAsNew(options *BreakerOptions) bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	oldest := int64(time.Since(epoch))/max(int64(options.Window)/windowSlices, 1) - windowSlices
	for _, each := range c.window {
		if each.calls > 0 && each.number > oldest {
			return false
		}
	}
	return c.state.Load() == closed && c.word == ""
}

// isQuiet says whether calls are let through without a further look.
func (c *circuit) isQuiet() bool { return c.state.Load() == closed && !c.isNoted.Load() }

func (c *circuit) allow(options *BreakerOptions) bool {
	if c.state.Load() == closed {
		return true
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	switch c.state.Load() {
	case closed:
		return true
	case open:
		if time.Since(epoch) < c.until {
			return false
		}
		c.trying, c.succeeded = 1, 0
		c.state.Store(halfOpen)
		return true
	}
	if c.trying+c.succeeded >= options.HalfOpenCalls {
		return false
	}
	c.trying++
	return true
}

func (c *circuit) done(options *BreakerOptions, hasFailed, isAbandoned bool) {
	if !hasFailed && options.Failures > 0 && c.state.Load() == closed {
		return // only failures count
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	switch state := c.state.Load(); {
	case state == open:
		// Calls that began before it opened say nothing new.
	case state == halfOpen && isAbandoned:
		c.trying = max(c.trying-1, 0)
	case state == halfOpen && hasFailed:
		c.open(options)
	case state == halfOpen:
		c.trying = max(c.trying-1, 0)
		c.succeeded++
		if c.succeeded >= options.HalfOpenCalls {
			c.window = [windowSlices]slice{}
			c.state.Store(closed)
			breakers.report(map[string]any{"breaker": c.id, "event": "closed"})
		}
	case !isAbandoned:
		c.count(options, hasFailed)
	}
}

func (c *circuit) open(options *BreakerOptions) {
	c.until = time.Since(epoch) + options.OpenFor
	c.state.Store(open)
	c.numbers = map[string]any{"open_for_ms": options.OpenFor.Milliseconds(), "half_open_calls": int64(options.HalfOpenCalls)}
	if breakers.isJoined.Load() {
		breakers.report(c.opened())
	} else {
		breakers.decidedAlone(c.id)
	}
}

// opened is the report that it has opened, with the lock held.
func (c *circuit) opened() map[string]any {
	report := map[string]any{
		"breaker": c.id, "event": "opened", "left_ms": max(0, (c.until - time.Since(epoch)).Milliseconds()),
	}
	for name, value := range c.numbers {
		report[name] = value
	}
	return report
}

// told: it has changed for all processes.
func (c *circuit) told(change map[string]any) {
	c.lock.Lock()
	defer c.lock.Unlock()
	generation := number(change["generation"])
	if generation < c.generation {
		return // another session of this process was told of a later one
	}
	c.generation, c.word, c.isProbing = generation, "", false
	state, _ := change["state"].(string)
	switch {
	case change["forced"] == true:
		c.word = state
		by, _ := change["by"].(string)
		if by == "" {
			by = "an operator"
		}
		c.why = by + " keeps it " + state
		if reason, _ := change["reason"].(string); reason != "" {
			c.why += ": " + reason
		}
		c.reset()
	case state == "suspect":
		c.word = state
	case state == "open":
		c.reset()
		c.isForAll = true
		c.until = time.Since(epoch) + time.Duration(number(change["left_ms"]))*time.Millisecond
		c.askAt = c.until
		c.state.Store(open)
	case c.isForAll:
		c.reset()
	}
	c.isNoted.Store(c.word != "")
}

// unmentioned: the sidecar says nothing of it; it is closed for all.
func (c *circuit) unmentioned() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.generation, c.word, c.isProbing = -1, "", false
	if c.isForAll {
		c.reset()
	}
	c.isNoted.Store(false)
}

// own is what a sidecar must hear of it that knows nothing yet, or, where it is the same as before, what is its own.
func (c *circuit) own(isSame bool) map[string]any {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.generation = -1
	if c.state.Load() == closed || (isSame && c.isForAll) {
		return nil
	}
	c.isForAll = false
	return c.opened()
}

// undecided: the call that was to decide on a suspicion has come to nothing; the next one does.
func (c *circuit) undecided(of int64) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if of == c.generation {
		c.isProbing = false
	}
}

// reset closes it, with the lock held.
func (c *circuit) reset() {
	c.state.Store(closed)
	c.window = [windowSlices]slice{}
	c.trying, c.succeeded, c.until, c.askAt, c.isForAll = 0, 0, 0, 0, false
}

func (c *circuit) count(options *BreakerOptions, failed bool) {
	width := max(int64(options.Window)/windowSlices, 1)
	number := int64(time.Since(epoch)) / width
	calls, failures := 0, 0
	for i := range c.window {
		if c.window[i].number+windowSlices <= number {
			c.window[i] = slice{}
		}
	}
	now := &c.window[number%windowSlices]
	now.number = number
	now.calls++
	if !failed {
		return // only a failure can open it
	}
	now.failures++
	for _, each := range c.window {
		calls += each.calls
		failures += each.failures
	}
	trips := failures >= max(options.Failures, 1)
	if options.Failures == 0 {
		trips = calls >= options.MinCalls && float64(failures)/float64(calls) >= options.FailureRate
	}
	if trips {
		c.open(options)
	}
}
