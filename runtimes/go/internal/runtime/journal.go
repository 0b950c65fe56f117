package runtime

// The records of a run that this process owns, on their way to the disk.
// This file knows no steps: entries go in, acknowledgements come back, and at a barrier one waits for the other.

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"conductor.invalid/internal/cel"
)

const (
	// retryStore is how long a refused record waits for the store to mend.
	retryStore = 250 * time.Millisecond
	// recordBytes: entries beyond this size go into a record of their own.
	recordBytes = 4 << 20
	// saysLogged is what a record says that stands in a log: so nobody waits for its commit.
	saysLogged = `,"logged":true`
	// linger is how long entries for which nobody waits are kept for what follows them.
	linger = 2 * time.Millisecond
)

// journal numbers the records of one run in one epoch, and keeps them until they are acknowledged.
type journal struct {
	run   string
	epoch int64

	lock     sync.Mutex
	conn     *connection // on which records are sent; nil while there is none
	firstSeq int64
	nextSeq  int64
	acked    int64
	safe     int64  // up to here everything is on the disk: in the store, or in the log of this process
	ahead    *ahead // the log; nil where there can be none
	logged   int64  // up to here the records stand in the log with the number `serial`
	serial   int64
	start    []byte      // how the run was begun here, as a line; nil where somebody had begun it before
	unsent   [][]byte    // lines that stand in the log, or are about to
	sends    *time.Timer // sends them
	isOver   atomic.Bool
	entries  [][]byte
	later    *time.Timer // flushes the entries where nobody comes to wait for them
	kept     []record
	waiters  []waiter
	waits    int // how often somebody had to wait for the disk
	end      ended
	refusal  string // why the sidecar does not take what this process has to say of the run

	onLost       func(reason string)
	onCancelling func(reason string)
	onSignal     func(signal)
	onReclaimed  func() // the connection was lost, and the run is still this process's
}

type ended int

const (
	running ended = iota
	lost
	finished
)

type record struct {
	seq  int64
	line []byte
	sent time.Time
}

type waiter struct {
	seq        int64
	isForStore bool // the log of this process will not do
	done       chan struct{}
}

// newJournal: `start` is the line by which the run was begun here.
func newJournal(run string, epoch, nextSeq int64, conn *connection, ahead *ahead, start []byte) *journal {
	acked := int64(-1)
	if nextSeq > 1 {
		acked = nextSeq - 1
	}
	return &journal{
		run: run, epoch: epoch, conn: conn, ahead: ahead, start: start,
		firstSeq: nextSeq, nextSeq: nextSeq, acked: acked, safe: acked, logged: -1,
	}
}

// record adds an entry. Entries go in one record until somebody waits for them.
func (j *journal) record(kind string, fields map[string]any) {
	j.recordText(cel.JSON(map[string]any{kind: fields}))
}

// recordText adds an entry that is JSON already.
func (j *journal) recordText(entry []byte) {
	if j == nil {
		return
	}
	j.lock.Lock()
	defer j.lock.Unlock()
	if j.end != running {
		return
	}
	j.entries = append(j.entries, entry)
	if len(j.entries) == 1 && j.conn != nil {
		j.later = time.AfterFunc(linger, j.flush)
	}
}

// flush makes records of the entries that are waiting, and sends them.
func (j *journal) flush() {
	j.lock.Lock()
	defer j.lock.Unlock()
	j.flushLocked(false)
}

func (j *journal) flushLocked(isLogged bool) {
	if j.later != nil {
		j.later.Stop()
	}
	entries := j.entries
	j.entries = nil
	start, size := 0, 0
	for i, entry := range entries {
		if i > start && size+len(entry) > recordBytes {
			j.emit(entries[start:i], isLogged)
			start, size = i, 0
		}
		size += len(entry)
	}
	if start < len(entries) {
		j.emit(entries[start:], isLogged)
	}
}

func (j *journal) emit(entries [][]byte, isLogged bool) {
	seq := j.nextSeq
	j.nextSeq++
	line := append([]byte(`{"jsonrpc":"2.0","method":"step.record","params":{"run":`), cel.JSON(j.run)...)
	line = append(line, `,"epoch":`...)
	line = strconv.AppendInt(line, j.epoch, 10)
	line = append(line, `,"seq":`...)
	line = strconv.AppendInt(line, seq, 10)
	if isLogged {
		line = append(line, saysLogged...)
	}
	line = append(line, `,"entries":[`...)
	for i, entry := range entries {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(line, entry...)
	}
	line = append(line, "]}}\n"...)
	j.kept = append(j.kept, record{seq, line, time.Now()})
	j.unsent = append(j.unsent, line)
	if !isLogged {
		j.sendNow()
	}
}

func (j *journal) sendLogged() {
	j.lock.Lock()
	defer j.lock.Unlock()
	j.sendNow()
}

// sendNow sends what is not sent yet. It is called with the lock held.
func (j *journal) sendNow() {
	lines := j.unsent
	j.unsent = nil
	if j.sends != nil {
		j.sends.Stop()
		j.sends = nil
	}
	for _, line := range lines {
		if j.conn != nil {
			j.conn.send(line)
		}
	}
}

// barrier waits until everything so far is on the disk, or the context is done.
func (j *journal) barrier(ctx context.Context) error { return j.wait(ctx, false) }

// concluded waits until the end of the run, its last entry, is on the disk. The store has it soon where the run was begun here.
func (j *journal) concluded(ctx context.Context) error {
	return j.wait(ctx, j.start == nil || !j.ahead.hasRoom())
}

// stored waits until everything so far is in the store, where everybody sees it, or the context is done.
func (j *journal) stored(ctx context.Context) error { return j.wait(ctx, true) }

func (j *journal) wait(ctx context.Context, isForStore bool) error {
	if j == nil {
		return nil
	}
	j.lock.Lock()
	isLogged := !isForStore && (j.acked >= 0 || j.start != nil) && j.ahead.mayKeep(j)
	j.flushLocked(isLogged)
	last := j.nextSeq - 1
	if j.isSafe(last, isForStore) || j.end != running {
		j.lock.Unlock()
		return nil
	}
	j.waits++
	done := make(chan struct{})
	j.waiters = append(j.waiters, waiter{last, isForStore, done})
	conn := j.conn
	j.lock.Unlock()
	if conn != nil && (!isLogged || !j.keep(last)) {
		conn.hurry()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (j *journal) isSafe(seq int64, isForStore bool) bool {
	if isForStore {
		return j.acked >= seq
	}
	return j.safe >= seq
}

// keep puts all that the store may not have into the log. Who comes while another one flushes finds his own there, or flushes for
// all who have come meanwhile. False where only the sidecar can: everything is sent then.
func (j *journal) keep(last int64) bool {
	j.ahead.lock.Lock()
	defer j.ahead.lock.Unlock()
	frames, logged := j.unlogged(last)
	isKept := frames != nil && j.ahead.write(frames)
	j.lock.Lock()
	defer j.lock.Unlock()
	if !isKept {
		// Somebody waits for the sidecar, which must not wait for company.
		for i, line := range j.unsent {
			j.unsent[i] = bytes.Replace(line, []byte(saysLogged), nil, 1)
		}
		j.sendNow()
		return j.safe >= last
	}
	if j.sends == nil && len(j.unsent) > 0 {
		j.sends = time.AfterFunc(sendLogged, j.sendLogged)
	}
	j.safe = max(j.safe, logged)
	j.release()
	return true
}

// unlogged gives what is not in the log yet, as it will stand there, and up to where.
func (j *journal) unlogged(last int64) ([]byte, int64) {
	j.lock.Lock()
	defer j.lock.Unlock()
	if j.safe >= last {
		return nil, 0
	}
	if serial := j.ahead.serial.Load(); serial != j.serial {
		j.serial, j.logged = serial, j.acked
	}
	var lines [][]byte
	if j.logged < 0 && j.start != nil {
		lines = append(lines, j.start)
	}
	records := int64(0)
	for _, each := range j.kept {
		if each.seq > j.logged {
			lines = append(lines, each.line)
			records++
		}
	}
	frames := j.ahead.framed(lines)
	if frames != nil {
		j.logged = j.nextSeq - 1
		j.ahead.outstanding.Add(records)
	}
	return frames, j.nextSeq - 1
}

// acknowledged: everything up to `seq` is on the disk. It says when the last of it was sent.
func (j *journal) acknowledged(seq int64) (sent time.Time) {
	j.lock.Lock()
	defer j.lock.Unlock()
	done, logged := 0, int64(0)
	for done < len(j.kept) && j.kept[done].seq <= seq {
		sent = j.kept[done].sent
		if j.kept[done].seq <= j.logged {
			logged++
		}
		done++
	}
	j.kept = slices.Delete(j.kept, 0, done)
	if logged > 0 && j.serial == j.ahead.serial.Load() {
		j.ahead.outstanding.Add(-logged)
		if j.end != running && len(j.kept) == 0 {
			j.ahead.settled(j)
		}
	}
	j.acked, j.safe = max(j.acked, seq), max(j.safe, seq)
	j.release()
	return sent
}

func (j *journal) release() {
	waiting := j.waiters[:0]
	for _, each := range j.waiters {
		if !j.isSafe(each.seq, each.isForStore) && j.end == running {
			waiting = append(waiting, each)
		} else {
			close(each.done)
		}
	}
	j.waiters = waiting
}

// refused: the store was in trouble; the record is sent again later. False where the start itself was lost.
func (j *journal) refused(seq int64) bool {
	j.lock.Lock()
	isOwn := seq >= j.firstSeq
	j.lock.Unlock()
	if isOwn {
		time.AfterFunc(retryStore, func() {
			j.lock.Lock()
			defer j.lock.Unlock()
			j.resend(seq)
		})
	}
	return isOwn
}

// resume sends what a new connection lacks.
func (j *journal) resume(conn *connection, nextSeq int64) {
	j.acknowledged(nextSeq - 1)
	j.lock.Lock()
	defer j.lock.Unlock()
	j.conn = conn
	j.unsent = nil // they are kept as well
	j.resend(nextSeq)
	j.flushLocked(false)
}

func (j *journal) resend(seq int64) {
	for i := range j.kept {
		if j.kept[i].seq >= seq && j.conn != nil {
			j.kept[i].sent = time.Now()
			j.conn.send(j.kept[i].line)
		}
	}
}

// offline: records wait for the next connection.
func (j *journal) offline() {
	j.lock.Lock()
	defer j.lock.Unlock()
	j.conn = nil
}

// stop: nothing more is recorded; nobody waits any longer.
func (j *journal) stop(how ended) bool {
	j.lock.Lock()
	defer j.lock.Unlock()
	if j.end != running {
		return false
	}
	j.end = how
	j.isOver.Store(true)
	j.entries = nil
	if how == finished && j.isInLog() {
		j.ahead.leave(j) // it is sent in its time
	} else {
		j.sendNow()
		j.kept = nil
	}
	j.release()
	return true
}

// isInLog says whether something stands in the log that the store may not have. It is called with the lock held.
func (j *journal) isInLog() bool {
	return j.ahead != nil && len(j.kept) > 0 && j.kept[0].seq <= j.logged && j.serial == j.ahead.serial.Load()
}

// state says whether it has ended, and why the sidecar refused it.
func (j *journal) state() (ended, string) {
	j.lock.Lock()
	defer j.lock.Unlock()
	return j.end, j.refusal
}

// lose: the run is not this process's any more.
func (j *journal) lose(reason string) {
	if j.stop(lost) && j.onLost != nil {
		j.onLost(reason)
	}
}
