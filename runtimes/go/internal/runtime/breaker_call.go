package runtime

// One call and the breaker around it: it refuses to begin, or hears how the call ended.
// This file counts nothing; the breaker does, and what holds for all processes the sidecar says.

import (
	"context"
	"time"
)

// breakerCall is a call that was let through.
type breakerCall struct {
	breaker   *Breaker
	circuit   *circuit
	of        int64 // what its end is reported with, where it is a probe
	isProbe   bool
	isIgnored bool // a person has decided: it does not count
}

// begin lets a call through, or gives CircuitOpen. Key is nil where the breaker has none.
func (b *Breaker) begin(ctx context.Context, key any) (breakerCall, error) {
	if !breakers.isSettled.Load() {
		if err := breakers.join(ctx); err != nil {
			return breakerCall{}, err
		}
	}
	call := breakerCall{breaker: b, circuit: b.of(key)}
	if call.circuit.isQuiet() {
		return call, nil
	}
	err := call.enter(ctx)
	return call, err
}

func (a *breakerCall) enter(ctx context.Context) error {
	c := a.circuit
	c.lock.Lock()
	word, why, isForAll, askAt := c.word, c.why, c.isForAll, c.askAt
	isClosed := c.state.Load() == closed
	if word == "suspect" && isClosed && !c.isProbing {
		c.isProbing, a.isProbe, a.of = true, true, c.generation
	}
	c.lock.Unlock()
	switch {
	case word == "open":
		return circuitOpen(c.name, ": "+why)
	case word == "closed":
		a.isIgnored = true
		return nil
	case !isForAll:
		return a.allowed()
	case time.Since(epoch) < askAt:
		return circuitOpen(c.name, " for all processes")
	}
	answer := breakers.probe(ctx, c.id)
	if answer == nil {
		if ctx.Err() != nil {
			return stopped(ctx)
		}
		c.lock.Lock()
		c.isForAll = false
		c.lock.Unlock()
		breakers.decidedAlone(c.id)
		return a.allowed()
	}
	if answer["granted"] != true {
		c.lock.Lock()
		c.askAt = time.Since(epoch) + time.Duration(number(answer["left_ms"]))*time.Millisecond
		c.lock.Unlock()
		return circuitOpen(c.name, " for all processes")
	}
	if answer["of"] != nil {
		a.isProbe, a.of = true, number(answer["of"])
	}
	return nil
}

// allowed asks the process's own.
func (a *breakerCall) allowed() error {
	if a.circuit.allow(&a.breaker.options) {
		return nil
	}
	return circuitOpen(a.circuit.name, "")
}

// done tells how the call has ended. What was cancelled says nothing of the one who was called, nor does an error of the
// domain.
func (a *breakerCall) done(err error) {
	if a.breaker == nil {
		return
	}
	isAbandoned := err != nil && (isControl(err) || isOfDomain(err, a.breaker.options.On))
	if a.isProbe {
		event := "succeeded"
		switch {
		case isAbandoned:
			event = "abandoned"
			a.circuit.undecided(a.of)
		case err != nil:
			event = "failed"
		}
		breakers.report(map[string]any{"breaker": a.circuit.id, "event": event, "of": a.of})
	}
	if !a.isIgnored {
		a.circuit.done(&a.breaker.options, err != nil, isAbandoned)
	}
}
