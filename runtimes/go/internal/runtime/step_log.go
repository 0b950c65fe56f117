package runtime

import (
	"context"
	"log/slog"
	"strings"
)

// LogSteps is a handler whose lines find their step: what is logged with the context of a step has `conductor_run`,
// `conductor_step` and others.
func LogSteps(handler slog.Handler) slog.Handler {
	return stepLines{handler}
}

type stepLines struct{ slog.Handler }

func (s stepLines) Handle(ctx context.Context, record slog.Record) error {
	if info, ok := CurrentStep(ctx); ok {
		record = record.Clone()
		record.AddAttrs(
			slog.String("conductor_workflow", info.Workflow),
			slog.String("conductor_run", info.Run),
			slog.String("conductor_step", info.Key),
			slog.Int("conductor_attempt", info.Attempt),
		)
		if parts := strings.Split(TraceParent(ctx), "-"); len(parts) == 4 {
			record.AddAttrs(slog.String("conductor_trace_id", parts[1]), slog.String("conductor_span_id", parts[2]))
		}
	}
	return s.Handler.Handle(ctx, record)
}

func (s stepLines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return stepLines{s.Handler.WithAttrs(attrs)}
}

func (s stepLines) WithGroup(name string) slog.Handler {
	return stepLines{s.Handler.WithGroup(name)}
}
