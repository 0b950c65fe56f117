package runtime

// A run's past: its committed records folded into what each step has come to.
// This file decides nothing; steps read it and go on from there.

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

type outcome int

const (
	none outcome = iota
	succeeded
	failed
	tolerated
	skipped
	wasCancelled
	inDoubt
)

// past is what one step has come to. It is its step's own once that has begun.
type past struct {
	attempt    int
	failures   int
	isOpen     bool // the last attempt has no outcome: a crash cut it off
	retryAt    int64
	delay      int64 // how long the wait until retryAt was to be, whatever the clock says now
	unknown    bool  // an attempt may have happened although it failed
	exhausted  map[string]any
	deadlineAt int64
	outcome    outcome
	output     any
	err        map[string]any
	signal     string
	generation int // in which it began; 0 where this process begins it
}

// undoing is what must be done to undo a step.
type undoing struct {
	key string
	// args of the compensation; of a child they are nothing.
	args    any
	isChild bool
	// inside is what a workflow without a journal did that was the step; only this process knows it.
	inside []localUndo
}

// history is what a run has come to.
type history struct {
	lock    sync.Mutex
	input   map[string]any
	trace   string // the caller's `traceparent`
	steps   map[string]*past
	chosen  map[string]any
	undo    []undoing // in the order of the records
	signals []string  // ids of those that were taken
	// children are the awaited sub-workflows by the path of the step: those that completed are undone, too.
	children map[string]*Workflow
	// generation counts how often a person let the run go on from a step before, from 1.
	generation  int
	restartedAt int64     // 0 where nobody did
	counted     []counted // what counts so far of the records; kept while they are read
}

// counted is an entry that counts, and its generation.
type counted struct {
	generation int
	kind       string
	entry      map[string]any
}

func newHistory() *history {
	return &history{steps: map[string]*past{}, chosen: map[string]any{}, generation: 1}
}

// keyOf is a step's idempotency key, which is the run's id of one that is a workflow: that of the generation in which
// it began.
func (h *history) keyOf(run, key string) string {
	h.lock.Lock()
	defer h.lock.Unlock()
	generation := h.generation
	if known, ok := h.steps[key]; ok && known.generation != 0 {
		generation = known.generation
	}
	if generation <= 1 {
		return run + "/" + key
	}
	return run + "/" + key + "#" + strconv.Itoa(generation)
}

// isRead says that all of the records have been added.
func (h *history) isRead() { h.counted = nil }

// past gives that of one step.
func (h *history) past(key string) *past {
	h.lock.Lock()
	defer h.lock.Unlock()
	return h.pastLocked(key)
}

func (h *history) pastLocked(key string) *past {
	known, ok := h.steps[key]
	if !ok {
		known = &past{}
		h.steps[key] = known
	}
	return known
}

// add folds the entries of one record.
func (h *history) add(entries []any) {
	h.lock.Lock()
	defer h.lock.Unlock()
	for _, each := range entries {
		entry, _ := each.(map[string]any)
		for kind, content := range entry {
			fields, _ := content.(map[string]any)
			h.fold(kind, fields)
		}
	}
}

func (h *history) fold(kind string, entry map[string]any) {
	if kind == "run_restarted" {
		h.restart(entry)
		return
	}
	h.counted = append(h.counted, counted{h.generation, kind, entry})
	h.count(kind, entry)
}

// restart counts what is forgotten as if it had never been recorded; what is reopened has only begun.
func (h *history) restart(entry map[string]any) {
	forget, reopen := names(entry["forget"]), names(entry["reopen"])
	var kept []counted
	for _, each := range h.counted {
		key, hasKey := each.entry["key"].(string)
		if hasKey && (forget[key] || reopen[key] && each.kind != "step_started") {
			continue
		}
		kept = append(kept, each)
	}
	for key := range reopen {
		kept = append(kept, counted{0, "step_reopened", map[string]any{"key": key}})
	}
	h.counted = kept
	clear(h.steps)
	clear(h.chosen)
	h.undo, h.signals = nil, nil
	for _, each := range kept {
		h.generation = each.generation
		h.count(each.kind, each.entry)
	}
	h.generation = int(number(entry["generation"]))
	h.restartedAt = number(entry["at"])
	if input, ok := entry["input"].(map[string]any); ok {
		h.counted = append(h.counted, counted{h.generation, "run_reopened", entry})
		h.input = input
	}
}

func names(of any) map[string]bool {
	list, _ := of.([]any)
	all := make(map[string]bool, len(list))
	for _, each := range list {
		if name, ok := each.(string); ok {
			all[name] = true
		}
	}
	return all
}

func (h *history) count(kind string, entry map[string]any) {
	key, _ := entry["key"].(string)
	switch {
	case kind == "run_started":
		h.input, _ = entry["input"].(map[string]any)
		trace, _ := entry["traceparent"].(string)
		h.trace = givenTrace(trace)
	case kind == "run_reopened":
		if input, ok := entry["input"].(map[string]any); ok {
			h.input = input
		}
	case kind == "chosen":
		h.chosen[key] = entry["value"]
	case kind == "step_reopened":
		// A person lets it begin anew.
		before := h.pastLocked(key)
		h.steps[key] = &past{attempt: before.attempt, generation: before.generation}
	case strings.HasPrefix(kind, "step_") || kind == "attempt_failed":
		h.foldStep(kind, key, entry, h.pastLocked(key))
	}
}

func (h *history) foldStep(kind, key string, entry map[string]any, past *past) {
	past.isOpen = kind == "step_started"
	if args, ok := entry["undo"]; ok && args != nil {
		h.undo = append(h.undo, undoing{key: key, args: args})
	}
	switch kind {
	case "step_started":
		past.attempt = int(number(entry["attempt"]))
		if past.generation == 0 {
			past.generation = h.generation
		}
		if at, ok := entry["deadline_at"]; ok {
			past.deadlineAt = number(at)
		}
	case "attempt_failed":
		h.foldFailure(entry, past)
	case "step_succeeded":
		past.outcome, past.output = succeeded, entry["output"]
		if _, isChild := h.children[pathOf(key)]; isChild {
			h.undo = append(h.undo, undoing{key: key, isChild: true})
		}
		if id, ok := entry["signal"].(string); ok {
			past.signal = id
			h.signals = append(h.signals, id)
		}
	case "step_failed":
		past.outcome = failed
		if entry["tolerated"] == true {
			past.outcome = tolerated
		}
		past.attempt = int(number(entry["attempt"]))
		past.err, _ = entry["error"].(map[string]any)
	case "step_skipped":
		past.outcome = skipped
	case "step_cancelled":
		past.outcome = wasCancelled
	}
}

func (h *history) foldFailure(entry map[string]any, past *past) {
	form, _ := entry["error"].(map[string]any)
	types, _ := form["types"].([]any)
	past.unknown = past.unknown || slices.Contains(types, any("conductor.TimeoutError")) || slices.Contains(types, any("conductor.OutcomeUnknown"))
	at, ok := entry["retry_at"]
	if !ok || at == nil {
		past.exhausted = form
		return
	}
	past.failures++
	past.retryAt = number(at)
	past.delay = past.retryAt - number(entry["at"])
}

func number(of any) int64 {
	value, _ := of.(int64)
	return value
}
