package runtime

// `parallel`, `graph`, `race` and `map`.
// This file knows no journal; how branches end stands in `branches.go`.

import (
	"context"
	"runtime/debug"
	"strconv"
	"sync"
)

// Parallel starts branches, and waits until all have ended.
func (b blocks) Parallel(ctx context.Context, key string, options ParallelOptions) *Branches {
	if b.run == nil && options == (ParallelOptions{}) {
		return &Branches{simple: true, inner: lazy{parent: ctx}}
	}
	return &Branches{branches: &branches{blocks: b, ctx: ctx, key: key, width: options.MaxConcurrency, waits: options.Wait}}
}

// Branches are those of a parallel block. Without a journal, a width or patience they are goroutines and nothing else: the
// last one is the caller's own.
type Branches struct {
	*branches // nil where it is simple

	simple   bool
	inner    lazy
	last     func(context.Context) error
	working  sync.WaitGroup
	lock     sync.Mutex
	err      error
	panicked *panicked
}

// Go adds a branch.
func (b *Branches) Go(name string, work func(context.Context) error) {
	if !b.simple {
		b.list = append(b.list, branch{name: name, work: func(ctx context.Context) (bool, error) { return true, work(ctx) }})
		return
	}
	if b.last != nil {
		b.working.Add(1)
		go b.work(b.last)
	}
	b.last = work
}

func (b *Branches) work(work func(context.Context) error) {
	defer b.ended()
	if b.inner.parent.Err() != nil {
		return
	}
	if err := work(&b.inner); err != nil {
		b.failed(err)
	}
}

// ended is deferred by each branch.
func (b *Branches) ended() {
	if cause := recover(); cause != nil {
		b.lock.Lock()
		if b.panicked == nil {
			b.panicked = &panicked{cause, debug.Stack()}
		}
		b.lock.Unlock()
		b.inner.stop(errDecided)
	}
	b.working.Done()
}

// failed notes the first failure, which decides.
func (b *Branches) failed(err error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	_, isCancelled := err.(*cancelled)
	if b.err == nil && b.inner.Err() == nil && !isCancelled {
		b.err = err
		b.inner.stop(errDecided)
	}
}

// Wait gives the failure that decided, after all branches have ended.
func (b *Branches) Wait() error {
	if !b.simple {
		if err := b.branches.perform(); err != nil {
			return err
		}
		return b.all()
	}
	if b.last != nil {
		b.working.Add(1)
		b.work(b.last)
	}
	b.working.Wait()
	b.panicked.goOn()
	outer := b.inner.parent
	isDone := outer.Err() != nil
	b.inner.stop(errDecided)
	if isDone {
		return stopped(outer)
	}
	return b.err
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
