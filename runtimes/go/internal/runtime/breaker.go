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
	return &Breaker{name: name, options: options}
}

// States of a circuit.
const (
	closed uint32 = iota
	open
	halfOpen
)

type circuit struct {
	// state is changed with the lock held, and read without it: while it is closed, calls need no lock.
	state     atomic.Uint32
	lock      sync.Mutex
	until     time.Duration
	trying    int
	succeeded int
	window    [windowSlices]slice
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
		known = &circuit{}
		b.keyed[name] = known
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
	return c.state.Load() == closed
}

// Allow says whether a call may begin: CircuitOpen where none may. Key is nil where the breaker has none.
func (b *Breaker) Allow(key any) error {
	if b.of(key).allow(&b.options) {
		return nil
	}
	if key == nil {
		return circuitOpen(b.name)
	}
	return circuitOpen(b.name + " " + string(cel.JSON(key)))
}

// Done tells how a call that was let through has ended. What was cancelled says nothing of the one who was called.
func (b *Breaker) Done(key any, err error) {
	b.of(key).done(&b.options, err)
}

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

func (c *circuit) done(options *BreakerOptions, err error) {
	if err == nil && options.Failures > 0 && c.state.Load() == closed {
		return // only failures count
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	isAbandoned := isControl(err)
	switch state := c.state.Load(); {
	case state == open:
		// Calls that began before it opened say nothing new.
	case state == halfOpen && isAbandoned:
		c.trying = max(c.trying-1, 0)
	case state == halfOpen && err != nil:
		c.open(options)
	case state == halfOpen:
		c.trying = max(c.trying-1, 0)
		c.succeeded++
		if c.succeeded >= options.HalfOpenCalls {
			c.window = [windowSlices]slice{}
			c.state.Store(closed)
		}
	case !isAbandoned:
		c.count(options, err != nil)
	}
}

func (c *circuit) open(options *BreakerOptions) {
	c.until = time.Since(epoch) + options.OpenFor
	c.state.Store(open)
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
