package runtime

// Pools: resources of which attempts take permits, and what an attempt holds of them.
// This file knows no clients; limits that processes share are asked of `host.go`.

import (
	"context"
	"sync"
	"time"
)

// PoolOptions say how a resource is limited. Zero is no limit.
type PoolOptions struct {
	Permits int
	// Rate attempts may begin in each span Per.
	Rate int
	Per  time.Duration
	// Host: the limits are those of all processes of the host together.
	Host bool
}

// Pool is what is limited.
type Pool struct {
	id      string
	options PoolOptions
	permits *permits
	starts  *starts
	// isClient: a held connection serves the steps inside its block.
	isClient bool
}

// NewPool makes a pool of which nothing is taken.
func NewPool(id string, options PoolOptions) *Pool {
	pool := &Pool{id: id, options: options}
	if options.Permits > 0 {
		pool.permits = &permits{limit: options.Permits}
	}
	if options.Rate > 0 {
		pool.starts = &starts{permits: options.Rate, per: options.Per}
	}
	return pool
}

func (p *Pool) scope() string {
	if p.options.Host {
		return "host"
	}
	return "process"
}

// heldKey finds the connections that blocks around a step hold.
type heldKey struct{}

type held struct {
	pool  *Pool
	outer *held
}

func holds(ctx context.Context, pool *Pool) bool {
	around, _ := ctx.Value(heldKey{}).(*held)
	for ; around != nil; around = around.outer {
		if around.pool == pool {
			return true
		}
	}
	return false
}

func holding(ctx context.Context, pool *Pool) context.Context {
	if !pool.isClient {
		return ctx // a semaphore gives each step inside a permit of its own
	}
	outer, _ := ctx.Value(heldKey{}).(*held)
	return context.WithValue(ctx, heldKey{}, &held{pool, outer})
}

// taken is what one attempt holds, given back when the call has really ended.
type taken struct {
	lock sync.Mutex
	give []func()
}

func (t *taken) add(giveBack func()) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.give = append(t.give, giveBack)
}

// giveBack gives everything back, once.
func (t *taken) giveBack() {
	t.lock.Lock()
	give := t.give
	t.give = nil
	t.lock.Unlock()
	for i := len(give) - 1; i >= 0; i-- {
		give[i]()
	}
}

// takeAll takes of each pool in the given order, which is the one order of all attempts.
func takeAll(ctx context.Context, into *taken, session *session, pools []*Pool) error {
	for _, pool := range pools {
		if holds(ctx, pool) {
			continue
		}
		if err := pool.take(ctx, into, session); err != nil {
			into.giveBack()
			return err
		}
	}
	return nil
}

// take waits for the rate and for a permit.
func (p *Pool) take(ctx context.Context, into *taken, session *session) error {
	if p.permits == nil && p.starts == nil {
		return nil
	}
	usage := usageOf(p.id, p.scope(), p.options.Permits)
	began := usage.waiting()
	if p.options.Host {
		giveBack, isShared, err := takeOfHost(ctx, p, session)
		if isShared || err != nil {
			return p.took(into, usage, began, giveBack, err)
		}
	}
	giveBack, err := p.takeHere(ctx)
	return p.took(into, usage, began, giveBack, err)
}

func (p *Pool) took(into *taken, usage *usage, began time.Time, giveBack func(), err error) error {
	usage.waited(began, err == nil)
	if err != nil {
		return err
	}
	into.add(func() {
		giveBack()
		usage.freed()
	})
	return nil
}

func (p *Pool) takeHere(ctx context.Context) (func(), error) {
	if p.starts != nil {
		if err := p.starts.wait(ctx); err != nil {
			return nil, err
		}
	}
	if p.permits == nil {
		return func() {}, nil
	}
	if err := p.permits.take(ctx); err != nil {
		return nil, err
	}
	return p.permits.giveBack, nil
}
