// Command measure times the three workflows, generated, by hand and by the usual libraries, in one process and in turns, and
// prints a line of JSON for each: nanoseconds a run, the median of all rounds.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"example.com/direct/conductorgen"
	"example.com/direct/hand"
	"example.com/direct/library"
)

type candidate struct {
	workflow, name string
	run            func(context.Context, int64) (int64, error)
	times          []float64
	// of each round: its time over that of the same round by hand
	ratios []float64
}

func candidates() []*candidate {
	return []*candidate{
		{workflow: "sequence_of_ten", name: "hand", run: func(ctx context.Context, n int64) (int64, error) {
			return hand.SequenceOfTen(ctx, n)
		}},
		{workflow: "sequence_of_ten", name: "generated", run: func(ctx context.Context, n int64) (int64, error) {
			return conductorgen.SequenceOfTen(ctx, conductorgen.SequenceOfTenInput{N: n})
		}},
		{workflow: "parallel_of_ten", name: "hand", run: func(ctx context.Context, n int64) (int64, error) {
			return hand.ParallelOfTen(ctx, n)
		}},
		{workflow: "parallel_of_ten", name: "generated", run: func(ctx context.Context, n int64) (int64, error) {
			return conductorgen.ParallelOfTen(ctx, conductorgen.ParallelOfTenInput{N: n})
		}},
		{workflow: "parallel_of_ten", name: "errgroup", run: func(ctx context.Context, n int64) (int64, error) {
			return library.ParallelOfTen(ctx, n)
		}},
		{workflow: "guarded_step", name: "hand", run: func(ctx context.Context, n int64) (int64, error) {
			return hand.GuardedStep(ctx, n)
		}},
		{workflow: "guarded_step", name: "generated", run: func(ctx context.Context, n int64) (int64, error) {
			return conductorgen.GuardedStep(ctx, conductorgen.GuardedStepInput{N: n})
		}},
		{workflow: "guarded_step", name: "failsafe-go", run: func(ctx context.Context, n int64) (int64, error) {
			return library.GuardedStep(ctx, n)
		}},
		{workflow: "guarded_step", name: "gobreaker", run: library.GuardedByHand},
	}
}

func main() {
	rounds := flag.Int("rounds", 41, "rounds of each candidate")
	budget := flag.Duration("round", 20*time.Millisecond, "time of a round")
	flag.Parse()
	all := candidates()
	for _, one := range all {
		measured(one, *budget) // warm
	}
	for range *rounds {
		order := rand.Perm(len(all))
		round := map[*candidate]float64{}
		for _, index := range order {
			round[all[index]] = measured(all[index], *budget)
		}
		for _, one := range all {
			one.times = append(one.times, round[one])
			for _, other := range all {
				if other.workflow == one.workflow && other.name == "hand" {
					one.ratios = append(one.ratios, round[one]/round[other])
				}
			}
		}
	}
	out := json.NewEncoder(os.Stdout)
	for _, one := range all {
		slices.Sort(one.times)
		slices.Sort(one.ratios)
		line := map[string]any{
			"workflow": one.workflow, "candidate": one.name,
			"ns": one.times[len(one.times)/2], "ratio": one.ratios[len(one.ratios)/2],
		}
		if err := out.Encode(line); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// measured is nanoseconds a run over about the time of budget.
func measured(one *candidate, budget time.Duration) float64 {
	ctx, count, start := context.Background(), 0, time.Now()
	for time.Since(start) < budget {
		for range 100 {
			if got, err := one.run(ctx, 7); err != nil || got != 7 {
				fmt.Fprintln(os.Stderr, one.workflow, one.name, got, err)
				os.Exit(1)
			}
		}
		count += 100
	}
	return float64(time.Since(start).Nanoseconds()) / float64(count)
}
