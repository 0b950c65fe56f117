package runtime

// Lines over a socket: writes are gathered, lines are cut out of what arrives.
// This file knows no messages, only where a line ends.

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"runtime"
	"sync"
	"syscall"
)

// connection is one connection to the sidecar.
type connection struct {
	socket net.Conn

	lock      sync.Mutex // of what is to be sent
	outgoing  [][]byte
	isWriting bool
	isOver    bool
	wake      chan struct{}
	written   sync.WaitGroup
}

func newConnection(socket net.Conn) *connection {
	conn := &connection{socket: socket, wake: make(chan struct{}, 1)}
	conn.written.Add(1)
	go conn.write()
	return conn
}

// send sends a line, together with all others of the moment.
func (c *connection) send(line []byte) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if !c.isOver {
		c.outgoing = append(c.outgoing, line)
		c.signal()
	}
}

func (c *connection) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// write is the one goroutine that writes: what came together goes out together.
func (c *connection) write() {
	defer c.written.Done()
	for range c.wake {
		// Others may have something to send, too: let them.
		runtime.Gosched()
		if lines, isOver := c.taken(); c.writeAll(lines) != nil || isOver {
			_ = c.socket.Close() // the reader tells of it
			return
		}
	}
}

// taken gives what is to be written next, and says whether it is the last.
func (c *connection) taken() (net.Buffers, bool) {
	c.lock.Lock()
	defer c.lock.Unlock()
	lines := net.Buffers(c.outgoing)
	c.outgoing, c.isWriting = nil, len(lines) > 0
	return lines, c.isOver
}

// hurry writes what the socket takes at once: whoever waits for the answer need not wait for another goroutine first.
func (c *connection) hurry() {
	socket, isPlain := c.socket.(syscall.Conn)
	c.lock.Lock()
	defer c.lock.Unlock()
	if !isPlain || c.isOver || c.isWriting || len(c.outgoing) == 0 {
		return
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return // closed: the writer finds out, too
	}
	lines, sent := bytes.Join(c.outgoing, nil), 0
	_ = raw.Write(func(file uintptr) bool {
		sent, _ = syscall.Write(int(file), lines)
		return true
	})
	if sent >= len(lines) {
		c.outgoing = nil
	} else {
		c.outgoing = [][]byte{lines[max(sent, 0):]}
	}
}

// writeAll writes lines at once: over TLS each write is a message of its own.
func (c *connection) writeAll(lines net.Buffers) error {
	if len(lines) == 0 {
		return nil
	}
	if _, isTLS := c.socket.(*tls.Conn); isTLS && len(lines) > 1 {
		lines = net.Buffers{bytes.Join(lines, nil)}
	}
	_, err := lines.WriteTo(c.socket)
	c.lock.Lock()
	defer c.lock.Unlock()
	c.isWriting = false
	return err
}

// read hands lines on until the connection is lost.
func (c *connection) read(received func(line []byte)) {
	lines := bufio.NewReaderSize(c.socket, 64<<10)
	var partial []byte
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case err == nil && partial == nil:
			received(line)
		case err == nil:
			received(append(partial, line...))
			partial = nil
		case errors.Is(err, bufio.ErrBufferFull):
			partial = append(partial, line...)
		default:
			c.close()
			return
		}
	}
}

// close sends what is left, then closes. It does not wait.
func (c *connection) close() {
	c.lock.Lock()
	defer c.lock.Unlock()
	if !c.isOver {
		c.isOver = true
		c.signal()
	}
}
