// Command app is one application of several: it calls runs that others may be calling too, and serves those that nobody calls.
//
//	app FOLDER     `FOLDER/limit` says up to which number runs exist; without it nothing more is called
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"example.com/torture/conductorgen"
	"example.com/torture/tasks"
)

const newest = 12

// atATime is how many runs it calls at a time.
func atATime() int {
	if wanted, err := strconv.Atoi(os.Getenv("TORTURE_AT_A_TIME")); err == nil {
		return wanted
	}
	return 4
}

func limit() (int64, bool) {
	text, err := os.ReadFile(filepath.Join(os.Args[1], "limit"))
	if err != nil {
		return 0, false
	}
	found, err := strconv.ParseInt(string(text), 10, 64)
	return found, err == nil
}

// call calls one of the newest runs after the other: new ones, ones that others have, ones that are done.
func call(ctx context.Context) {
	for upper, ok := limit(); ok && ctx.Err() == nil; upper, ok = limit() {
		lower := max(0, upper-newest)
		n := lower + rand.Int64N(upper-lower)
		run := fmt.Sprintf("go-%d", n)
		output, err := conductorgen.MainGo(ctx, conductorgen.MainGoInput{N: n}, conductorgen.WithRunID(run))
		var failed *conductorgen.WorkflowError
		if err == nil {
			err = tasks.Note(map[string]any{"run": run, "event": "returned", "output": output})
		}
		if err != nil && !errors.As(err, &failed) && ctx.Err() == nil {
			log.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("up")
	var callers sync.WaitGroup
	for range atATime() {
		callers.Go(func() { call(ctx) })
	}
	err := conductorgen.Serve(ctx)
	callers.Wait()
	if err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
	os.Exit(130)
}
