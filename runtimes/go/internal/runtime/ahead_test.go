package runtime

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// logged gives a session's log of so many bytes, which is in use.
func logged(t *testing.T, size int) (*ahead, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	head := []byte("open   conductor-log 1 s-1 7 8 go\n")
	if err := os.WriteFile(path, append(head, make([]byte, size-len(head))...), 0o600); err != nil {
		t.Fatal(err)
	}
	a := newAhead("s-1", func(func(any, error)) {})
	a.opened(map[string]any{"log": map[string]any{"path": path, "bytes": int64(size)}})
	if !a.isOpen {
		t.Fatal("it is not used")
	}
	a.alone = stillAlone
	return a, path
}

// inLog gives the lines that stand in it, as the sidecar reads them.
func inLog(t *testing.T, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	frames := content[logHead:]
	generation := string(frames[9:17])
	for _, frame := range bytes.SplitAfter(frames, []byte{'\n'}) {
		if len(frame) < 18 || fmt.Sprintf("%08x", crc32.ChecksumIEEE(frame[9:])) != string(frame[:8]) || string(frame[9:17]) != generation {
			break
		}
		found = append(found, string(frame[18:]))
	}
	return found
}

func aloneWith(t *testing.T, a *ahead, start []byte) *journal {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() { _, _ = here.Close(), there.Close() })
	go func() {
		for buffer := make([]byte, 4096); ; {
			if _, err := there.Read(buffer); err != nil {
				return
			}
		}
	}()
	j := newJournal("r", 1, 1, newConnection(here), a, start)
	a.last = j
	return j
}

func TestWhatStandsInTheLogWaitsForNobody(t *testing.T) {
	a, path := logged(t, 64<<10)
	j := aloneWith(t, a, []byte("{\"method\":\"run.start\"}\n"))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, entry := range []string{`"a"`, `"b"`} {
		j.recordText([]byte(entry))
		if err := j.barrier(ctx); err != nil {
			t.Fatal(err)
		}
	}
	lines := inLog(t, path)
	if len(lines) != 3 || !strings.Contains(lines[0], "run.start") || !strings.Contains(lines[2], `"logged":true,"entries":["b"]`) {
		t.Fatal(lines)
	}
}

func TestTheEndOfARunThatWasBegunHereStandsInTheLog(t *testing.T) {
	a, path := logged(t, 64<<10)
	j := aloneWith(t, a, []byte("{\"method\":\"run.start\"}\n"))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	j.recordText([]byte(`"end"`))
	if err := j.concluded(ctx); err != nil || len(inLog(t, path)) != 2 {
		t.Fatal(err, inLog(t, path))
	}
	if !j.stop(finished) || a.left("r") != j || a.outstanding.Load() != 1 {
		t.Fatal("it is not known what the store may not have")
	}
	j.acknowledged(1)
	if a.left("r") != nil || a.outstanding.Load() != 0 {
		t.Error("the store has all of it")
	}
}

func TestTheEndOfARunWaitsForTheStore(t *testing.T) {
	start := []byte("{\"method\":\"run.start\"}\n")
	for what, each := range map[string]struct {
		size  int
		start []byte
	}{"that others began": {64 << 10, nil}, "with a log that is half full": {logHead + 600, start}} {
		a, _ := logged(t, each.size)
		j := aloneWith(t, a, each.start)
		j.acked, j.safe = 0, 0
		j.recordText([]byte(`"` + strings.Repeat("x", 300) + `"`))
		if err := j.barrier(context.Background()); err != nil {
			t.Fatal(err)
		}
		short, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
		j.recordText([]byte(`"end"`))
		if err := j.concluded(short); err == nil {
			t.Error(what, "did not wait")
		}
		stop()
	}
}

func TestWhatWasLostWithTheConnectionIsNotKept(t *testing.T) {
	a, _ := logged(t, 64<<10)
	j := aloneWith(t, a, []byte("{\"method\":\"run.start\"}\n"))
	j.recordText([]byte(`"end"`))
	if err := j.concluded(context.Background()); err != nil {
		t.Fatal(err)
	}
	a.lost()
	if !j.stop(finished) || a.left("r") != nil {
		t.Error("its log is settled by the sidecar")
	}
}

func TestALogThatWasClosedIsNotBelieved(t *testing.T) {
	a, path := logged(t, 64<<10)
	j := aloneWith(t, a, []byte("{}\n"))
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte("closed "), 0); err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
	ctx, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer stop()
	j.recordText([]byte(`"a"`))
	if err := j.barrier(ctx); err == nil {
		t.Error("it did not wait for the sidecar")
	}
}

func TestAFullLogBeginsAnewWhenTheStoreHasAllOfIt(t *testing.T) {
	a, path := logged(t, logHead+600)
	large := [][]byte{[]byte(`{"a":"` + strings.Repeat("x", 400) + "\"}\n")}
	put := func() bool {
		frames := a.framed(large)
		if frames == nil || !a.write(frames) {
			return false
		}
		a.outstanding.Add(1)
		return true
	}
	if !put() || put() {
		t.Fatal("one has room, and no other")
	}
	a.outstanding.Add(-1)
	if !put() {
		t.Fatal("it is free again")
	}
	if content, err := os.ReadFile(path); err != nil || string(content[logHead+9:logHead+17]) != "00000002" {
		t.Error("it is not the next generation", err)
	}
	for range logStuck {
		if put() {
			t.Fatal("it is full")
		}
	}
	if a.isOpen {
		t.Error("it stays full for ever")
	}
}

func TestWhatTheSidecarMayRefuseIsLeftToIt(t *testing.T) {
	deep := strings.Repeat("[", 121) + strings.Repeat("]", 121)
	for _, line := range []string{`"\ud800"`, "1" + strings.Repeat("0", 400), `{"a":1e999}`, deep, strings.Repeat("x", 5000)} {
		if isPlain([]byte(line)) {
			t.Error(line[:min(40, len(line))])
		}
	}
	for _, line := range []string{`{"a":"é","b":1.5e+22,"c":1e-30,"d":12e12}`, `{"run":"0e456-1e999","c":[12,{"d":-1.797693134862315e+30}]}`} {
		if !isPlain([]byte(line)) {
			t.Error("nothing is wrong with", line)
		}
	}
}

func TestWhatIsLeftToTheSidecarIsNotSaidToStandInTheLog(t *testing.T) {
	a, _ := logged(t, 64<<10)
	here, there := net.Pipe()
	defer func() { _, _ = here.Close(), there.Close() }()
	j := newJournal("r", 1, 1, newConnection(here), a, []byte("{}\n"))
	a.last = j
	j.recordText([]byte(`"` + strings.Repeat("x", logLine) + `"`))
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	go func() { _ = j.barrier(ctx) }()
	line, err := bufio.NewReader(there).ReadString('\n')
	if err != nil || !strings.Contains(line, `"seq":1,"entries":`) {
		t.Error(line, err)
	}
}

func BenchmarkIsPlain(b *testing.B) {
	line := []byte(`{"jsonrpc":"2.0","method":"step.record","params":{"run":"0193b5a8-7c1e-7000-8000-000000000001","entries":[` + strings.Repeat(`{"at":1790000000000},`, 15) + "]}}")
	for b.Loop() {
		isPlain(line)
	}
}
