package runtime

// Keeps the values of secret inputs out of what this process logs.
// This file knows no run: what is hidden is counted, and found in any text.

import (
	"context"
	"fmt"
	"log/slog"
	"sort"
	"strings"
	"sync"
)

const (
	stars = "***"
	// shortest: shorter texts are not looked for inside of others.
	shortest = 4
)

var hidden = struct {
	sync.Mutex
	count map[string]int
}{count: map[string]int{}}

// hide hides the values of the workflow's secret inputs until what it returns is called.
func hide(workflow *Workflow, inputs map[string]any) func() {
	found := map[string]bool{}
	for _, name := range workflow.Secret {
		textsOf(inputs[name], found)
	}
	hidden.Lock()
	defer hidden.Unlock()
	for text := range found {
		hidden.count[text]++
	}
	return func() {
		hidden.Lock()
		defer hidden.Unlock()
		for text := range found {
			if hidden.count[text]--; hidden.count[text] <= 0 {
				delete(hidden.count, text)
			}
		}
	}
}

func textsOf(value any, found map[string]bool) {
	switch value := value.(type) {
	case nil, bool:
	case []any:
		for _, each := range value {
			textsOf(each, found)
		}
	case map[string]any:
		for _, each := range value {
			textsOf(each, found)
		}
	default:
		if text := fmt.Sprint(value); len(text) >= shortest {
			found[text] = true
		}
	}
}

// masker replaces what is hidden now; nil where nothing is.
func masker() *strings.Replacer {
	hidden.Lock()
	defer hidden.Unlock()
	if len(hidden.count) == 0 {
		return nil
	}
	values := make([]string, 0, len(hidden.count))
	for text := range hidden.count {
		values = append(values, text)
	}
	// Of two that begin alike the longer one is hidden whole.
	sort.Slice(values, func(i, j int) bool { return len(values[i]) > len(values[j]) })
	pairs := make([]string, 0, 2*len(values))
	for _, text := range values {
		pairs = append(pairs, text, stars)
	}
	return strings.NewReplacer(pairs...)
}

// masking is a handler of logs that writes stars in place of what is hidden.
type masking struct {
	slog.Handler
	mask *strings.Replacer
}

func (m masking) Handle(ctx context.Context, record slog.Record) error {
	shown := slog.NewRecord(record.Time, record.Level, m.mask.Replace(record.Message), record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		text := attr.Value.String()
		if masked := m.mask.Replace(text); masked != text {
			attr.Value = slog.StringValue(masked)
		}
		shown.AddAttrs(attr)
		return true
	})
	return m.Handler.Handle(ctx, shown)
}
