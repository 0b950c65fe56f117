package runtime

// The trace that a run belongs to: its caller's, else one that follows from the run's id, whoever executes it.
// This file makes no spans.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// traceLength is that of a `traceparent` of version 00.
const traceLength = 55

type traceKey struct{}

// TraceParent is the W3C trace context of the code that is called: in a step that of its attempt, whoever makes it, else
// what WithTraceParent was given; empty where there is none.
func TraceParent(ctx context.Context) string {
	trace, _ := ctx.Value(traceKey{}).(string)
	return trace
}

// WithTraceParent is the context of a caller: a run that is started with it belongs to its trace.
func WithTraceParent(ctx context.Context, trace string) context.Context {
	return context.WithValue(ctx, traceKey{}, trace)
}

// givenTrace is a caller's `traceparent`, where it is one.
func givenTrace(trace string) string {
	if len(trace) != traceLength || !strings.HasPrefix(trace, "00-") {
		return ""
	}
	return trace
}

// traceOfRun is the `traceparent` of a run whose caller had none.
func traceOfRun(run string) string {
	digest := hexDigest(run)
	return "00-" + digest[:32] + "-" + digest[32:48] + "-01"
}

// traceOfAttempt is the `traceparent` of an attempt, by its idempotency key, in the trace of its run: the same in every
// process.
func traceOfAttempt(trace, key string, attempt int) string {
	return trace[:36] + hexDigest(key + "/" + strconv.Itoa(attempt))[:16] + trace[52:]
}

func hexDigest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// traceOf is the `traceparent` of an attempt of a step.
func (r *Run) traceOf(key string, attempt int) string {
	trace := r.history.trace
	if trace == "" {
		trace = traceOfRun(r.id)
	}
	return traceOfAttempt(trace, r.keyOf(key), attempt)
}
