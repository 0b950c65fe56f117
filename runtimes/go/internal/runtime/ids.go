package runtime

// Who this process is, and what runs and sessions are called.
// This file knows nothing of what the names name.

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// newID makes a UUID of version 7 (RFC 9562, section 5.7): such ids sort by time.
func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // it never fails
	var moment [8]byte
	binary.BigEndian.PutUint64(moment[:], uint64(time.Now().UnixMilli()))
	copy(id[:6], moment[2:])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// processStart is field 22 of `/proc/PID/stat`, 0 where the system has none: with it a pid that is used again is noticed.
func processStart() int64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", os.Getpid()))
	if err != nil {
		return 0
	}
	// The second field, the command in parentheses, may hold spaces.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 {
		return 0
	}
	start, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return 0
	}
	return start
}

func nowMillis() int64 { return time.Now().UnixMilli() }
