package runtime

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretsAreHiddenWhileTheirRunIsExecuted(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	workflow := &Workflow{Secret: []string{"token"}}
	inputs := map[string]any{"token": map[string]any{"key": "hunter2", "pins": []any{int64(12345)}}, "user": "ada"}
	show, again := hide(workflow, inputs), hide(workflow, inputs)
	show()
	logger().Warn("as hunter2 said", "error", "12345 is not for ada", "count", 7)
	again()
	line := out.String()
	if strings.Contains(line, "hunter2") || strings.Contains(line, "12345") || !strings.Contains(line, "ada") || !strings.Contains(line, "count=7") {
		t.Errorf("logged: %s", line)
	}
	if masker() != nil {
		t.Error("it is hidden after the end of the last run")
	}
}
