package runtime

import (
	"context"
	"testing"
)

// The other languages' runtimes have the same texts in their tests: a run is one trace in whatever process.
func TestATraceIsTheSameInEveryLanguage(t *testing.T) {
	run := traceOfRun("r1")
	if run[:36] != "00-82f3e9c695dc6b8d1b11818d5701919e-" {
		t.Fatal(run)
	}
	if got := traceOfAttempt(run, "r1/charge", 1); got != "00-82f3e9c695dc6b8d1b11818d5701919e-3247f61bb78213bb-01" {
		t.Fatal(got)
	}
	caller := "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
	if got := traceOfAttempt(caller, "r1/charge", 1); got != "00-0af7651916cd43dd8448eb211c80319c-3247f61bb78213bb-00" {
		t.Fatal(got)
	}
	if givenTrace("nonsense") != "" || givenTrace(TraceParent(WithTraceParent(context.Background(), caller))) != caller {
		t.Fatal("what is no trace is ignored, what is one is kept")
	}
}
