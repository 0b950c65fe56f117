package runtime

// Branches at the same time: started as far as width and needs allow, ended together. The first that fails decides;
// which one that was is recorded, so that a replay does not decide again.
// This file knows how branches end, not what they do.

import (
	"context"
	"runtime/debug"
	"slices"
	"sync"
)

// ParallelOptions say how the branches of a block run.
type ParallelOptions struct {
	// MaxConcurrency is how many run at a time; 0: all.
	MaxConcurrency int
	// Wait lets all run to their end where one fails.
	Wait bool
}

type branch struct {
	name  string
	needs []string
	// work says whether it wins a race.
	work func(context.Context) (bool, error)
}

type branchEnd struct {
	hasEnded bool
	won      bool
	err      error
}

// branches are those of one block.
type branches struct {
	blocks
	ctx    context.Context
	key    string
	width  int
	waits  bool
	isRace bool
	list   []branch

	inner      context.Context // of branches that have not decided
	cancel     context.CancelCauseFunc
	lock       sync.Mutex
	working    sync.WaitGroup
	waiting    []int
	openNeeds  []int
	dependents [][]int
	running    int
	ends       []branchEnd
	decided    int // the branch that decided, -1: none
	recorded   int // what an earlier life of the run decided, -1: nothing
	paused     error
	panicked   *panicked
}

// panicked is a panic of a branch, which goes on in the one who waits for it.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) goOn() {
	if p != nil {
		logger().Error("a branch panicked", "panic", p.value, "stack", string(p.stack))
		panic(p.value)
	}
}

// perform runs the branches; it ends when all that were started have.
func (b *branches) perform() error {
	b.prepare()
	defer b.cancel(errDecided)
	b.lock.Lock()
	b.startReady()
	b.lock.Unlock()
	b.working.Wait()
	b.panicked.goOn()
	if b.paused != nil {
		return b.paused
	}
	if stop := stopped(b.ctx); stop != nil {
		return stop
	}
	return nil
}

func (b *branches) prepare() {
	count := len(b.list)
	b.inner, b.cancel = context.WithCancelCause(b.ctx)
	b.ends = make([]branchEnd, count)
	b.decided, b.recorded = -1, -1
	if b.width <= 0 {
		b.width = count
	}
	b.link()
	if name, ok := b.chosen(b.key); ok {
		b.recorded = slices.IndexFunc(b.list, func(each branch) bool { return each.name == name })
		b.decided = b.recorded
	}
	if b.recorded >= 0 && (b.isRace || !b.waits) {
		b.cancel(errDecided)
	}
}

// link finds out who waits for whom.
func (b *branches) link() {
	b.openNeeds = make([]int, len(b.list))
	b.dependents = make([][]int, len(b.list))
	for i, each := range b.list {
		for _, name := range each.needs {
			if needed := slices.IndexFunc(b.list, func(other branch) bool { return other.name == name }); needed >= 0 {
				b.openNeeds[i]++
				b.dependents[needed] = append(b.dependents[needed], i)
			}
		}
		if b.openNeeds[i] == 0 {
			b.waiting = append(b.waiting, i)
		}
	}
}

// next takes a branch that may start, with the lock held.
func (b *branches) next() (int, bool) {
	if b.running >= b.width || len(b.waiting) == 0 {
		return 0, false
	}
	index := b.waiting[0]
	b.waiting = b.waiting[1:]
	b.running++
	return index, true
}

// startReady starts what may start, with the lock held.
func (b *branches) startReady() {
	for {
		index, ok := b.next()
		if !ok {
			return
		}
		b.working.Add(1)
		go b.work(index)
	}
}

// work runs one branch after the other, as long as there are some, so that a wide map needs few goroutines.
func (b *branches) work(index int) {
	defer b.working.Done()
	for ok := true; ok; {
		won, err := b.runBranch(index)
		b.lock.Lock()
		b.ended(index, won, err)
		index, ok = b.next()
		b.startReady()
		b.lock.Unlock()
	}
}

func (b *branches) runBranch(index int) (won bool, err error) {
	ctx := b.inner
	if index == b.recorded {
		// The branch that decided in an earlier life goes its way again; the others only read what is recorded.
		ctx = b.ctx
	}
	if !b.isDurable() {
		if stop := stopped(b.ctx); stop != nil {
			return false, stop
		}
	}
	defer func() {
		if cause := recover(); cause != nil {
			b.lock.Lock()
			if b.panicked == nil {
				b.panicked = &panicked{cause, debug.Stack()}
			}
			b.lock.Unlock()
			err = &cancelled{errDecided}
			b.cancel(errDecided)
		}
	}()
	return b.list[index].work(ctx)
}

// ended notes how a branch ended, with the lock held.
func (b *branches) ended(index int, won bool, err error) {
	b.running--
	b.ends[index] = branchEnd{true, won, err}
	decides := false
	switch err.(type) {
	case nil:
		decides = b.isRace && won
	case *returned:
		decides = true
	case *cancelled:
	case *halt:
		if b.paused == nil {
			b.paused = err
		}
		b.stop(errDetached)
	default:
		decides = !b.isRace
	}
	if decides && b.decided < 0 && b.paused == nil && b.inner.Err() == nil {
		b.decided = index
		b.choose(b.key, b.list[index].name)
		if _, returns := err.(*returned); b.isRace || returns || !b.waits {
			b.stop(errDecided)
		}
	}
	if err == nil {
		b.release(index)
	}
}

func (b *branches) stop(cause error) {
	b.cancel(cause)
	b.waiting = nil
}

// release lets those start that waited for a branch, with the lock held.
func (b *branches) release(index int) {
	starts := b.recorded >= 0 || (b.decided < 0 && b.paused == nil) || (b.waits && !b.isRace && b.inner.Err() == nil)
	for _, dependent := range b.dependents[index] {
		b.openNeeds[dependent]--
		if b.openNeeds[dependent] == 0 && starts {
			b.waiting = append(b.waiting, dependent)
		}
	}
}

// all is what branches come to that all had to succeed.
func (b *branches) all() error {
	if b.decided >= 0 && b.ends[b.decided].err != nil {
		return b.ends[b.decided].err
	}
	for _, end := range b.ends {
		if end.err != nil {
			return end.err
		}
	}
	return nil
}
