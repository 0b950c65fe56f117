// Command worker makes runs of ten writes, one at a time, in turns with a flush and a bare round trip: `worker one RUNS ECHO`; and
// runs of ten reads and one write, with a line of each on how often it waited for the disk: `worker waits RUNS`; and runs of ten
// writes, so many at a time: `worker wide RUNS WIDTH`.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"example.com/speed/conductorgen"
)

type figures struct {
	Runs  []float64 `json:"runs_ms"`
	Flush []float64 `json:"flush_ms"`
	Trip  []float64 `json:"trip_ms"`
}

// turn: so many runs follow one another, and then as many times what they are compared with.
const turn = 10

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
	milliseconds := func(since time.Time) float64 { return float64(time.Since(since)) / float64(time.Millisecond) }
	for number := range runs {
		if number%turn == 0 {
			for run := number; run < min(number+turn, runs); run++ {
				start := time.Now()
				id := conductorgen.WithRunID(fmt.Sprintf("%s-%d", prefix, run))
				if _, err := conductorgen.TenWrites(context.Background(), id); err != nil {
					return nil, err
				}
				found.Runs = append(found.Runs, milliseconds(start))
			}
			// The sidecar commits behind them, and would be in the way of what they are compared with.
			time.Sleep(30 * time.Millisecond)
		}
		var flushes, trips float64
		for step := range 10 {
			start := time.Now()
			if _, err := file.WriteAt(page, int64((10*number+step)%4096*len(page))); err != nil {
				return nil, err
			}
			if err := syscall.Fdatasync(int(file.Fd())); err != nil {
				return nil, err
			}
			flushes += milliseconds(start)
			start = time.Now()
			if _, err := socket.Write(line); err != nil {
				return nil, err
			}
			if _, err := io.ReadFull(socket, line); err != nil {
				return nil, err
			}
			trips += milliseconds(start)
		}
		found.Flush, found.Trip = append(found.Flush, flushes), append(found.Trip, trips)
	}
	return found, nil
}

func waits(runs int) error {
	slog.SetLogLoggerLevel(slog.LevelDebug)
	for range runs {
		if _, err := conductorgen.OneWrite(context.Background()); err != nil {
			return err
		}
	}
	return nil
}

type pace struct {
	Runs float64 `json:"runs_per_s"`
}

func wide(runs, width int) (*pace, error) {
	prefix := strconv.FormatInt(time.Now().UnixNano(), 36)
	run := func(number int) error {
		_, err := conductorgen.TenWrites(context.Background(), conductorgen.WithRunID(fmt.Sprintf("%s-%d", prefix, number)))
		return err
	}
	if err := run(-1); err != nil {
		return nil, err
	}
	var group sync.WaitGroup
	var next atomic.Int64
	failed := make(chan error, width)
	start := time.Now()
	group.Add(width)
	for range width {
		go func() {
			defer group.Done()
			for number := next.Add(1); number <= int64(runs); number = next.Add(1) {
				if err := run(int(number)); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	group.Wait()
	took := time.Since(start).Seconds()
	close(failed)
	return &pace{float64(runs) / took}, <-failed
}

func main() {
	runs, err := strconv.Atoi(os.Args[2])
	var found any
	switch {
	case err != nil:
	case os.Args[1] == "waits":
		err = waits(runs)
	case os.Args[1] == "wide":
		var width int
		if width, err = strconv.Atoi(os.Args[3]); err == nil {
			found, err = wide(runs, width)
		}
	default:
		found, err = one(runs, os.Args[3])
	}
	if err == nil && found != nil {
		err = json.NewEncoder(os.Stdout).Encode(found)
	}
	if err != nil {
		log.Fatal(err)
	}
}
