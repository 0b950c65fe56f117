package runtime

// `parallel`, `graph`, `race` and `map`.
// This file knows no journal; how branches end stands in `branches.go`.

import (
	"context"
	"runtime/debug"
	"strconv"
	"sync"
)

// Branching is what a parallel block says of its branches.
type Branching struct {
	blocks
	key     string
	options ParallelOptions
}

// Branching says how the branches of a block run.
func (b blocks) Branching(key string, options ParallelOptions) Branching {
	return Branching{b, key, options}
}

// Parallel starts branches, which are methods of state, and waits until all have ended.
func Parallel[S any](ctx context.Context, branching Branching, state S) *Branches[S] {
	options := branching.options
	if !branching.isDurable() && options == (ParallelOptions{}) {
		return &Branches[S]{state: state, alone: goroutines{ctx: lazy{parent: ctx}}}
	}
	return &Branches[S]{state: state, branches: &branches{
		blocks: branching.blocks, ctx: ctx, key: branching.key, width: options.MaxConcurrency, waits: options.Wait,
	}}
}

// Branches are those of a parallel block. They are methods and not closures, of which each would be an allocation.
type Branches[S any] struct {
	*branches // nil where goroutines alone will do: without a journal, a width and patience

	state S
	alone goroutines
	last  func(S, context.Context) error
}

// Go adds a branch.
func (b *Branches[S]) Go(name string, work func(S, context.Context) error) {
	if b.branches != nil {
		state := b.state
		b.list = append(b.list, branch{name: name, work: func(ctx context.Context) (bool, error) { return true, work(state, ctx) }})
		return
	}
	if b.last != nil {
		b.alone.working.Add(1)
		go b.work(b.last)
	}
	b.last = work
}

func (b *Branches[S]) work(work func(S, context.Context) error) {
	defer b.alone.ended()
	if b.alone.ctx.parent.Err() != nil {
		return
	}
	if err := work(b.state, &b.alone.ctx); err != nil {
		b.alone.failed(err)
	}
}

// Wait gives the failure that decided, after all branches have ended.
func (b *Branches[S]) Wait() error {
	if b.branches != nil {
		if err := b.perform(); err != nil {
			return err
		}
		return b.all()
	}
	if b.last != nil {
		b.alone.working.Add(1)
		b.work(b.last)
	}
	return b.alone.wait()
}

// goroutines are branches and nothing else; the last one is the caller's own.
type goroutines struct {
	ctx      lazy
	working  sync.WaitGroup
	lock     sync.Mutex
	err      error
	panicked *panicked
}

// ended is deferred by each branch.
func (g *goroutines) ended() {
	if cause := recover(); cause != nil {
		g.lock.Lock()
		if g.panicked == nil {
			g.panicked = &panicked{cause, debug.Stack()}
		}
		g.lock.Unlock()
		g.ctx.stop(errDecided)
	}
	g.working.Done()
}

// failed notes the first failure, which decides.
func (g *goroutines) failed(err error) {
	g.lock.Lock()
	defer g.lock.Unlock()
	_, isCancelled := err.(*cancelled)
	if g.err == nil && g.ctx.Err() == nil && !isCancelled {
		g.err = err
		g.ctx.stop(errDecided)
	}
}

func (g *goroutines) wait() error {
	g.working.Wait()
	g.panicked.goOn()
	outer := g.ctx.parent
	isDone := outer.Err() != nil
	g.ctx.stop(errDecided)
	if isDone {
		return stopped(outer)
	}
	return g.err
}

// Graph starts steps when those that they need have ended.
type Graph struct{ *branches }

// Graph starts each step as soon as those it needs have ended.
func (b blocks) Graph(ctx context.Context, key string) Graph {
	return Graph{&branches{blocks: b, ctx: ctx, key: key}}
}

// Go adds a step.
func (g Graph) Go(name string, needs []string, work func(context.Context) error) {
	g.list = append(g.list, branch{name, needs, func(ctx context.Context) (bool, error) { return true, work(ctx) }})
}

// Wait gives the failure that decided, after all steps have ended.
func (g Graph) Wait() error {
	if err := g.perform(); err != nil {
		return err
	}
	return g.all()
}

// Race lets the first success win.
type Race struct{ *branches }

// Race lets the first success win; the others are cancelled.
func (b blocks) Race(ctx context.Context, key string) Race {
	return Race{&branches{blocks: b, ctx: ctx, key: key, waits: true, isRace: true}}
}

// Go adds a branch, which says whether it wins: what was skipped or tolerated wins nothing.
func (r Race) Go(name string, work func(context.Context) (bool, error)) {
	r.list = append(r.list, branch{name: name, work: work})
}

// Wait gives the winner's name. Where nobody wins it gives the failure of the first branch in source order that has one,
// which no timing can change; and no name where none failed either.
func (r Race) Wait() (string, error) {
	if err := r.perform(); err != nil {
		return "", err
	}
	if r.decided >= 0 {
		return r.list[r.decided].name, r.ends[r.decided].err
	}
	for _, end := range r.ends {
		if end.err != nil {
			return "", end.err
		}
	}
	return "", nil
}

// Mapping is a `map`: the steps once for each item.
type Mapping struct {
	blocks
	key   string
	width int
}

// Mapping says how many items are worked on at a time; 0: all.
func (b blocks) Mapping(key string, width int) Mapping { return Mapping{b, key, width} }

// Map gives the results in the order of the items. The failure of one cancels the others.
func Map[T, R any](ctx context.Context, mapping Mapping, items []T, body func(ctx context.Context, index int, item T) (R, error)) ([]R, error) {
	results := make([]R, len(items))
	err := mapping.each(ctx, len(items), func(ctx context.Context, index int) (err error) {
		results[index], err = body(ctx, index, items[index])
		return err
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// MapNull is Map where nobody reads the results.
func MapNull[T any](ctx context.Context, mapping Mapping, items []T, body func(ctx context.Context, index int, item T) error) error {
	return mapping.each(ctx, len(items), func(ctx context.Context, index int) error {
		return body(ctx, index, items[index])
	})
}

func (m Mapping) each(ctx context.Context, count int, body func(context.Context, int) error) error {
	if count == 0 {
		if stop := stopped(ctx); stop != nil {
			return stop
		}
		return nil
	}
	list := make([]branch, count)
	for i := range list {
		list[i] = branch{name: strconv.Itoa(i), work: func(ctx context.Context) (bool, error) { return true, body(ctx, i) }}
	}
	group := &branches{blocks: m.blocks, ctx: ctx, key: m.key, width: m.width, list: list}
	if err := group.perform(); err != nil {
		return err
	}
	return group.all()
}
