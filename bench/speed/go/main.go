// Command worker makes runs of ten writes, one at a time, in turns with a flush and a bare round trip: `worker one RUNS ECHO`.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"example.com/speed/conductorgen"
)

type figures struct {
	Runs  []float64 `json:"runs_ms"`
	Flush []float64 `json:"flush_ms"`
	Trip  []float64 `json:"trip_ms"`
}

// measure adds the milliseconds that something takes.
func measure(to *[]float64, work func() error) error {
	start := time.Now()
	err := work()
	*to = append(*to, float64(time.Since(start))/float64(time.Millisecond))
	return err
}

func one(runs int, echo string) (*figures, error) {
	// As much as a commit of one record writes, and as much as a record is on the socket.
	page, line := bytes.Repeat([]byte("p"), 4120), bytes.Repeat([]byte("l"), 301)
	socket, err := net.Dial("unix", echo)
	if err != nil {
		return nil, err
	}
	file, err := os.Create("flushed")
	if err != nil {
		return nil, err
	}
	if _, err := file.Write(bytes.Repeat(page, 4096)); err != nil {
		return nil, err
	}
	if err := file.Sync(); err != nil {
		return nil, err
	}
	found, prefix := &figures{}, strconv.FormatInt(time.Now().UnixNano(), 36)
	for number := range runs {
		run := func() error {
			id := conductorgen.WithRunID(fmt.Sprintf("%s-%d", prefix, number))
			_, err := conductorgen.TenWrites(context.Background(), id)
			return err
		}
		flush := func() error {
			if _, err := file.WriteAt(page, int64(number%4096*len(page))); err != nil {
				return err
			}
			return syscall.Fdatasync(int(file.Fd()))
		}
		trip := func() error {
			if _, err := socket.Write(line); err != nil {
				return err
			}
			_, err := io.ReadFull(socket, make([]byte, len(line)))
			return err
		}
		for _, err := range []error{measure(&found.Runs, run), measure(&found.Flush, flush), measure(&found.Trip, trip)} {
			if err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

func main() {
	runs, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	found, err := one(runs, os.Args[3])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(found)
	}
	if err != nil {
		log.Fatal(err)
	}
}
