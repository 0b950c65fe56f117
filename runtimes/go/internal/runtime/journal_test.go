package runtime

import (
	"bufio"
	"context"
	"net"
	"strings"
	"testing"
)

// Entries for which nobody waits go with those for which somebody does.
func TestEntriesWaitForWhatFollowsThem(t *testing.T) {
	// A busy machine may take longer between two of them than a journal waits.
	for range 100 {
		here, there := net.Pipe()
		journal := newJournal("r", 1, 1, newConnection(here), nil, nil)
		journal.recordText([]byte(`"a"`))
		journal.recordText([]byte(`"b"`))
		go func() { _ = journal.barrier(context.Background()) }()
		line, err := bufio.NewReader(there).ReadString('\n')
		_, _ = here.Close(), there.Close()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, `"a","b"`) {
			return
		}
	}
	t.Error("each went by itself")
}

// They are sent by themselves a moment later.
func TestEntriesForWhichNobodyWaitsAreSent(t *testing.T) {
	here, there := net.Pipe()
	defer func() { _, _ = here.Close(), there.Close() }()
	newJournal("r", 1, 1, newConnection(here), nil, nil).recordText([]byte(`"a"`))
	if line, err := bufio.NewReader(there).ReadString('\n'); err != nil || !strings.Contains(line, `["a"]`) {
		t.Error(line, err)
	}
}
