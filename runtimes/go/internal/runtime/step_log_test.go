package runtime

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
)

func TestLinesFindTheirStep(t *testing.T) {
	var said bytes.Buffer
	plain := slog.NewTextHandler(&said, &slog.HandlerOptions{ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey || attr.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return attr
	}})
	log := slog.New(LogSteps(plain)).With("shop", 1)
	trace := "00-82f3e9c695dc6b8d1b11818d5701919e-3247f61bb78213bb-01"
	ctx := stepContext{WithTraceParent(context.Background(), trace), StepInfo{"orders", "order-1", "charge", 2}}
	log.InfoContext(context.Background(), "outside")
	log.InfoContext(ctx, "inside", "amount", 5)
	want := "msg=outside shop=1\n" +
		"msg=inside shop=1 amount=5 conductor_workflow=orders conductor_run=order-1 conductor_step=charge conductor_attempt=2 " +
		"conductor_trace_id=82f3e9c695dc6b8d1b11818d5701919e conductor_span_id=3247f61bb78213bb\n"
	if said.String() != want {
		t.Errorf("%s\nwanted\n%s", said.String(), want)
	}
}
