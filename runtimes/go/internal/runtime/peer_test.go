package runtime

// A peer that takes every record at once and keeps it in memory, over a real socket. It keeps none of the sidecar's
// promises; those are tested against the sidecar itself.

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"conductor.invalid/internal/cel"
)

func TestMain(m *testing.M) {
	slog.SetLogLoggerLevel(slog.LevelError)
	os.Exit(m.Run())
}

type peer struct {
	t        *testing.T
	listener net.Listener

	lock    sync.Mutex
	conns   []net.Conn
	hellos  []map[string]any
	records map[string][]any // entries by run
	runs    map[string]map[string]any
	ended   map[string]map[string]any
	waiting map[string][]func(map[string]any)
	signals map[string][]any
	invoke  func(params map[string]any) map[string]any
	cancels []int64
	holds   bool // whether acknowledgements are held back
	held    []func()
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	folder, err := os.MkdirTemp("", "peer")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, records: map[string][]any{}, runs: map[string]map[string]any{}, ended: map[string]map[string]any{}, waiting: map[string][]func(map[string]any){}, signals: map[string][]any{}}
	path := filepath.Join(folder, "s")
	p.listener, err = net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONDUCTOR_SOCKET", path)
	go p.accept()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := Close(ctx); err != nil {
			t.Error(err)
		}
		_ = p.listener.Close()
		_ = os.RemoveAll(folder)
	})
	return p
}

func (p *peer) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.lock.Lock()
		p.conns = append(p.conns, conn)
		p.lock.Unlock()
		go p.talk(conn)
	}
}

func (p *peer) talk(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, 32<<20)
	for lines.Scan() {
		value, err := cel.ParseJSON(lines.Bytes())
		if err != nil {
			p.t.Errorf("%s: %s", lines.Text(), err)
			return
		}
		message := value.(map[string]any)
		method, _ := message["method"].(string)
		params, _ := message["params"].(map[string]any)
		id := message["id"]
		p.heard(conn, method, params, func(result map[string]any) {
			answer := map[string]any{"jsonrpc": "2.0", "id": id, "result": result}
			if code, ok := result["code"]; ok {
				answer = map[string]any{"jsonrpc": "2.0", "id": id, "error": map[string]any{"code": code, "message": "refused"}}
			}
			_, _ = conn.Write(messageLine(answer))
		})
	}
}

func (p *peer) heard(conn net.Conn, method string, params map[string]any, answer func(map[string]any)) {
	p.lock.Lock()
	defer p.lock.Unlock()
	run, _ := params["run"].(string)
	switch method {
	case "hello":
		p.hellos = append(p.hellos, params)
		owned := []any{}
		for _, each := range params["owned"].([]any) {
			claim := each.(map[string]any)
			next := int64(len(p.records[claim["run"].(string)])) // one entry a record is not known here; see below
			if seq, ok := p.runs[claim["run"].(string)]["next_seq"].(int64); ok {
				next = seq
			}
			owned = append(owned, map[string]any{"run": claim["run"], "epoch": claim["epoch"], "next_seq": next, "cancelling": false})
		}
		answer(map[string]any{"protocol": int64(1), "lease_ms": int64(10000), "owned": owned, "limits": map[string]any{"value_bytes": int64(4 << 20), "message_bytes": int64(16 << 20)}})
	case "ping":
		answer(map[string]any{})
	case "run.start":
		p.started(run, params, answer)
	case "run.read":
		entries := append([]any{map[string]any{"run_started": map[string]any{"input": p.runs[run]["input"]}}}, p.records[run]...)
		records := []any{}
		for seq := number(params["from"]); seq < int64(len(entries)); seq++ {
			records = append(records, map[string]any{"seq": seq, "entries": []any{entries[seq]}})
		}
		answer(map[string]any{"records": records, "more": false})
	case "run.await":
		if end, ok := p.ended[run]; ok {
			answer(end)
		} else {
			p.waiting[run] = append(p.waiting[run], answer)
		}
	case "step.record":
		p.recorded(conn, run, params)
	case "run.release":
		delete(p.runs, run)
	case "run.cancel":
		p.tell(conn, "run.cancelling", map[string]any{"run": run, "epoch": int64(1), "reason": params["reason"]})
		answer(map[string]any{})
	case "signal.list":
		answer(map[string]any{"signals": append([]any{}, p.signals[run]...)})
	case "signal.send":
		p.signalled(conn, run, params, answer)
	case "permit.acquire":
		answer(map[string]any{})
	case "task.invoke":
		invoke := p.invoke
		go func() { answer(invoke(params)) }()
	case "task.cancel":
		p.cancels = append(p.cancels, number(params["call"]))
	}
}

func (p *peer) tell(conn net.Conn, method string, params map[string]any) {
	_, _ = conn.Write(messageLine(map[string]any{"jsonrpc": "2.0", "method": method, "params": params}))
}

func (p *peer) started(run string, params map[string]any, answer func(map[string]any)) {
	if _, ok := p.ended[run]; ok {
		answer(map[string]any{"outcome": "finished"})
		return
	}
	if _, ok := p.runs[run]; ok {
		answer(map[string]any{"outcome": "attached"})
		return
	}
	_, isContinued := p.records[run]
	next, epoch := int64(1), int64(1)
	if isContinued {
		next, epoch = 1000, 1
	}
	p.runs[run] = map[string]any{"input": params["input"], "next_seq": next, "params": params}
	answer(map[string]any{"outcome": "owned", "epoch": epoch, "next_seq": next, "started_at": nowMillis(), "cancelling": false})
}

func (p *peer) recorded(conn net.Conn, run string, params map[string]any) {
	known, ok := p.runs[run]
	if !ok {
		return
	}
	seq := number(params["seq"])
	if next := known["next_seq"].(int64); seq < next {
		return // sent again
	} else if seq > next {
		p.t.Errorf("run %s: record %d after %d", run, seq, next-1)
	}
	known["next_seq"] = seq + 1
	for _, each := range params["entries"].([]any) {
		p.records[run] = append(p.records[run], each)
		p.noteEnd(run, each.(map[string]any))
	}
	ack := func() { p.tell(conn, "run.ack", map[string]any{"run": run, "seq": seq}) }
	if p.holds {
		p.held = append(p.held, ack)
	} else {
		ack()
	}
}

func (p *peer) noteEnd(run string, entry map[string]any) {
	var end map[string]any
	for kind, content := range entry {
		fields := content.(map[string]any)
		switch kind {
		case "run_succeeded":
			end = map[string]any{"state": "succeeded", "output": fields["output"]}
		case "run_failed":
			end = map[string]any{"state": "failed", "error": fields["error"]}
		case "run_cancelled":
			end = map[string]any{"state": "cancelled", "error": map[string]any{"message": fields["reason"]}}
		}
	}
	if end == nil {
		return
	}
	p.ended[run] = end
	delete(p.runs, run)
	for _, answer := range p.waiting[run] {
		answer(end)
	}
}

func (p *peer) signalled(conn net.Conn, run string, params map[string]any, answer func(map[string]any)) {
	if _, ok := p.runs[run]; !ok {
		answer(map[string]any{"code": int64(codeRunUnknown)})
		return
	}
	ordinal := int64(len(p.signals[run]))
	signal := map[string]any{"ordinal": ordinal, "signal": params["signal"], "id": params["id"], "data": params["data"]}
	p.signals[run] = append(p.signals[run], signal)
	told := map[string]any{"run": run, "epoch": int64(1)}
	for key, value := range signal {
		told[key] = value
	}
	p.tell(conn, "run.signal", told)
	answer(map[string]any{})
}

// kinds is what was recorded of a run, as `kind key`.
func (p *peer) kinds(run string) []string {
	p.lock.Lock()
	defer p.lock.Unlock()
	var kinds []string
	for _, each := range p.records[run] {
		for kind, content := range each.(map[string]any) {
			text := kind
			if key, ok := content.(map[string]any)["key"]; ok {
				text += fmt.Sprintf(" %s", key)
			}
			kinds = append(kinds, text)
		}
	}
	return kinds
}

// entry gives the first entry of a kind and key.
func (p *peer) entry(run, kind, key string) map[string]any {
	p.lock.Lock()
	defer p.lock.Unlock()
	for _, each := range p.records[run] {
		if content, ok := each.(map[string]any)[kind].(map[string]any); ok && (key == "" || content["key"] == key) {
			return content
		}
	}
	p.t.Errorf("run %s has no %s of %s", run, kind, key)
	return nil
}

// forget makes the run one that nobody owns and that has so many entries, as after a crash.
func (p *peer) cut(run string, entries int) {
	p.lock.Lock()
	defer p.lock.Unlock()
	delete(p.ended, run)
	delete(p.runs, run)
	p.records[run] = p.records[run][:entries]
}

// dispatch hands a run to the one who serves, once somebody does.
func (p *peer) dispatch(run string, epoch int64, more map[string]any) {
	for {
		p.lock.Lock()
		if len(p.hellos) > 0 {
			break
		}
		p.lock.Unlock()
		time.Sleep(time.Millisecond)
	}
	defer p.lock.Unlock()
	params := map[string]any{
		"run": run, "workflow": "test_workflow", "plan": "blake3:0", "epoch": epoch, "next_seq": int64(1),
		"started_at": nowMillis(), "cancelling": false,
	}
	maps.Copy(params, more)
	p.runs[run] = map[string]any{"input": map[string]any{}, "next_seq": params["next_seq"]}
	p.tell(p.conns[0], "run.dispatch", params)
}
