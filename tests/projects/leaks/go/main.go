// Command leaks calls a workflow N times, 64 at a time, and prints what the process holds a quarter of the way and at the end.
//
//	leaks WORKFLOW N
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"example.com/leaks/conductorgen"
)

const atATime = 64

// called makes one call. One in five fails of itself, one in seven is left by its caller.
func called(workflow string, n int64) error {
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	var err error
	if workflow == "plain" {
		if n%7 == 0 {
			time.AfterFunc(time.Millisecond, leave)
		}
		_, err = conductorgen.Plain(ctx, conductorgen.PlainInput{N: n})
	} else {
		_, err = conductorgen.Kept(ctx, conductorgen.KeptInput{N: n})
	}
	var failed *conductorgen.WorkflowError
	if errors.As(err, &failed) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func runs(workflow string, first, last int64) {
	var callers sync.WaitGroup
	var next atomic.Int64
	next.Store(first)
	for range atATime {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for n := next.Add(1) - 1; n < last; n = next.Add(1) - 1 {
				if err := called(workflow, n); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
			}
		}()
	}
	callers.Wait()
}

func reading() map[string]uint64 {
	// What was cut off may still be on its way out.
	time.Sleep(500 * time.Millisecond)
	runtime.GC()
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	handles, _ := os.ReadDir("/proc/self/fd")
	threads, _ := os.ReadDir("/proc/self/task")
	return map[string]uint64{
		"memory":  memory.HeapAlloc,
		"threads": uint64(len(threads)),
		"tasks":   uint64(runtime.NumGoroutine()),
		"handles": uint64(len(handles)),
	}
}

func main() {
	count, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	runs(os.Args[1], 0, count/4)
	before := reading()
	runs(os.Args[1], count/4, count)
	line, _ := json.Marshal(map[string]any{"before": before, "after": reading()})
	fmt.Println(string(line))
}
