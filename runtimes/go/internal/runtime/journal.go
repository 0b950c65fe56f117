package runtime

// The records of a run that this process owns, on their way to the disk.
// This file knows no steps: entries go in, acknowledgements come back, and at a barrier one waits for the other.

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"conductor.invalid/internal/cel"
)

const (
	// retryStore is how long a refused record waits for the store to mend.
	retryStore = 250 * time.Millisecond
	// recordBytes: entries beyond this size go into a record of their own.
	recordBytes = 4 << 20
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
	seq  int64
	done chan struct{}
}

func newJournal(run string, epoch, nextSeq int64, conn *connection) *journal {
	acked := int64(-1)
	if nextSeq > 1 {
		acked = nextSeq - 1
	}
	return &journal{run: run, epoch: epoch, conn: conn, firstSeq: nextSeq, nextSeq: nextSeq, acked: acked}
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
	j.flushLocked()
}

func (j *journal) flushLocked() {
	if j.later != nil {
		j.later.Stop()
	}
	entries := j.entries
	j.entries = nil
	start, size := 0, 0
	for i, entry := range entries {
		if i > start && size+len(entry) > recordBytes {
			j.emit(entries[start:i])
			start, size = i, 0
		}
		size += len(entry)
	}
	if start < len(entries) {
		j.emit(entries[start:])
	}
}

func (j *journal) emit(entries [][]byte) {
	seq := j.nextSeq
	j.nextSeq++
	line := append([]byte(`{"jsonrpc":"2.0","method":"step.record","params":{"run":`), cel.JSON(j.run)...)
	line = append(line, `,"epoch":`...)
	line = strconv.AppendInt(line, j.epoch, 10)
	line = append(line, `,"seq":`...)
	line = strconv.AppendInt(line, seq, 10)
	line = append(line, `,"entries":[`...)
	for i, entry := range entries {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(line, entry...)
	}
	line = append(line, "]}}\n"...)
	j.kept = append(j.kept, record{seq, line, time.Now()})
	if j.conn != nil {
		j.conn.send(line)
	}
}

// barrier waits until everything so far is on the disk, or the context is done.
func (j *journal) barrier(ctx context.Context) error {
	if j == nil {
		return nil
	}
	j.lock.Lock()
	j.flushLocked()
	last := j.nextSeq - 1
	if j.acked >= last || j.end != running {
		j.lock.Unlock()
		return nil
	}
	j.waits++
	done := make(chan struct{})
	j.waiters = append(j.waiters, waiter{last, done})
	conn := j.conn
	j.lock.Unlock()
	if conn != nil {
		conn.hurry()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// acknowledged: everything up to `seq` is on the disk. It says when the last of it was sent.
func (j *journal) acknowledged(seq int64) (sent time.Time) {
	j.lock.Lock()
	defer j.lock.Unlock()
	done := 0
	for done < len(j.kept) && j.kept[done].seq <= seq {
		sent = j.kept[done].sent
		done++
	}
	j.kept = slices.Delete(j.kept, 0, done)
	j.acked = max(j.acked, seq)
	j.release()
	return sent
}

func (j *journal) release() {
	waiting := j.waiters[:0]
	for _, each := range j.waiters {
		if each.seq > j.acked && j.end == running {
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
	j.resend(nextSeq)
	j.flushLocked()
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
	j.entries, j.kept = nil, nil
	j.release()
	return true
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
