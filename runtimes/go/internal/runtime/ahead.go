package runtime

// A log of this process, ahead of the sidecar's store: what it has put on the disk here need not wait for the sidecar.
// This file knows no entries. The sidecar takes over what stands in the log before anybody else gets one of this session's runs;
// docs/protocol.md says how it is written.

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// logHead: frames begin behind the first page.
	logHead = 4096
	// logAlone: after so many waits for the disk in a row of which no other run had a part, a log pays.
	logAlone = 16
	// stillAlone: after so many it is used again.
	stillAlone = 4
	// Flushes that take longer than slowFlush, slowFlushes in a row, pay no more: the log rests for logRest times as long.
	slowFlush   = 500 * time.Microsecond
	slowFlushes = 3
	logRest     = 200
	// sendLogged is how long what stands in the log is kept for what follows it, before it is sent.
	sendLogged = 2 * time.Millisecond
	// logStuck: so often it may be full while the store has not taken over what stands in it, before there is a new one.
	logStuck = 8
	// A line with more bytes or brackets than these is left to the sidecar.
	logLine  = 4096
	logDepth = 100
	// A number with more characters, or more in its exponent with the letter, may be one beyond a double.
	logDigits   = 24
	logExponent = 3
)

// ahead is the log of one session, and whether it is used.
type ahead struct {
	session string
	ask     func(then func(any, error))

	state      sync.Mutex
	last       *journal
	alone      int
	isAsked    bool
	isOpen     bool
	restsUntil time.Time
	ended      map[string]*journal // of runs that are over here, while something stands in the log that the store may not have

	serial      atomic.Int64 // which of the session's logs this is, one after the other
	outstanding atomic.Int64 // records that stand in it and of which it is not known that the store has them

	lock       sync.Mutex // of the file: one flush at a time
	file       *os.File
	bytes      int64
	at         int64
	generation uint32
	stuck      int
	slow       int
}

// newAhead: `ask` has the sidecar make a log.
func newAhead(session string, ask func(then func(any, error))) *ahead {
	return &ahead{session: session, ask: ask, ended: map[string]*journal{}}
}

// mayKeep says whether a run that waits is to put its records into the log: no other one has waited of late.
func (a *ahead) mayKeep(who *journal) bool {
	if a == nil {
		return false
	}
	a.state.Lock()
	defer a.state.Unlock()
	if a.last == who || a.last == nil || a.last.isOver.Load() {
		a.alone++
	} else {
		a.alone = 0
	}
	a.last = who
	if a.isOpen {
		return a.alone >= stillAlone && time.Now().After(a.restsUntil)
	}
	if a.alone >= logAlone && !a.isAsked {
		a.isAsked = true
		go a.ask(func(answer any, err error) {
			// One that knows no such request has no log.
			if result, _ := answer.(map[string]any); err == nil {
				go a.opened(result)
			}
		})
	}
	return false
}

func (a *ahead) opened(answer map[string]any) {
	log, _ := answer["log"].(map[string]any)
	path, _ := log["path"].(string)
	if path == "" {
		return
	}
	a.lock.Lock()
	defer a.lock.Unlock()
	a.drop(true)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	head := fmt.Appendf(nil, "open   conductor-log 1 %s ", a.session)
	found := make([]byte, len(head))
	if _, err := file.ReadAt(found, 0); err != nil || !bytes.Equal(found, head) {
		_ = file.Close()
		return
	}
	a.file, a.bytes = file, number(log["bytes"])
	a.at, a.generation, a.stuck, a.slow = logHead, 1, 0, 0
	a.outstanding.Store(0)
	a.serial.Add(1)
	a.state.Lock()
	defer a.state.Unlock()
	a.isOpen = true
}

// hasRoom says whether the log can go on without the store: it begins anew when that has all.
func (a *ahead) hasRoom() bool {
	if a == nil {
		return false
	}
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.file != nil && a.isAtFront()
}

// isAtFront says whether the log is less than half full. It is called with the lock held.
func (a *ahead) isAtFront() bool { return a.at-logHead < (a.bytes-logHead)/2 }

// leave: the journal's run is over here.
func (a *ahead) leave(j *journal) {
	a.state.Lock()
	defer a.state.Unlock()
	if a.isOpen {
		a.ended[j.run] = j
	}
}

// left gives the journal of a run that is over here, if the store may not have all of it.
func (a *ahead) left(run string) *journal {
	a.state.Lock()
	defer a.state.Unlock()
	return a.ended[run]
}

// settled: the store has all of the journal's run.
func (a *ahead) settled(j *journal) {
	a.state.Lock()
	defer a.state.Unlock()
	if a.ended[j.run] == j {
		delete(a.ended, j.run)
	}
}

// lost: the connection has ended; the sidecar takes over what stands in the log.
func (a *ahead) lost() {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.drop(false)
	a.state.Lock()
	defer a.state.Unlock()
	clear(a.ended)
}

// drop is called with the lock held.
func (a *ahead) drop(isAsked bool) {
	if a.file != nil {
		_ = a.file.Close()
		a.file = nil
	}
	a.state.Lock()
	defer a.state.Unlock()
	a.isOpen, a.isAsked, a.alone = false, isAsked, 0
}

// framed gives lines as they stand in the log, or nothing where only the sidecar can take them. It is called with the lock held.
func (a *ahead) framed(lines [][]byte) []byte {
	size := int64(0)
	for _, line := range lines {
		if !isPlain(line) {
			return nil
		}
		size += int64(len(line)) + 18
	}
	isFree := !a.isAtFront() && a.outstanding.Load() == 0
	if a.file == nil || (isFree || a.at+size > a.bytes) && !a.turn(size) {
		return nil
	}
	frames := make([]byte, 0, size)
	for _, line := range lines {
		body := append(fmt.Appendf(nil, "%08x ", a.generation), line...)
		frames = append(fmt.Appendf(frames, "%08x ", crc32.ChecksumIEEE(body)), body...)
	}
	return frames
}

// turn begins anew at the front, where nothing in it is needed any more.
func (a *ahead) turn(size int64) bool {
	if a.outstanding.Load() == 0 && logHead+size <= a.bytes {
		a.at, a.stuck = logHead, 0
		a.generation++
		return true
	}
	if a.stuck++; a.stuck >= logStuck {
		a.drop(false)
	}
	return false
}

// write puts frames on the disk. Where that fails the log is of no use any more. It is called with the lock held.
func (a *ahead) write(frames []byte) bool {
	began := time.Now()
	_, err := a.file.WriteAt(frames, a.at)
	if err == nil {
		err = flushed(a.file)
	}
	first := []byte{0}
	if err == nil {
		_, err = a.file.ReadAt(first, 0)
	}
	if err != nil || first[0] != 'o' {
		a.drop(false)
		return false
	}
	a.at += int64(len(frames))
	took := time.Since(began)
	if a.slow++; took <= slowFlush {
		a.slow = 0
	}
	if a.slow >= slowFlushes {
		a.state.Lock()
		defer a.state.Unlock()
		a.restsUntil = time.Now().Add(logRest * took)
	}
	return true
}

// isPlain says whether the sidecar will take it for certain: it is short and flat, has no half of a surrogate pair, and no number
// that may be beyond a double.
func isPlain(line []byte) bool {
	if len(line) > logLine {
		return false
	}
	depth, number, exponent, isText := 0, 0, 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			isText = !isText
		case isText && c == '\\':
			i++
			if i+1 < len(line) && line[i] == 'u' && (line[i+1] == 'd' || line[i+1] == 'D') {
				return false
			}
		case isText:
		case c == '[' || c == '{':
			depth++
		case c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-':
			if c == 'e' || c == 'E' || exponent > 0 && c >= '0' {
				exponent++
			}
			if number++; number > logDigits || exponent > logExponent {
				return false
			}
			continue
		}
		number, exponent = 0, 0
	}
	return depth <= logDepth
}
