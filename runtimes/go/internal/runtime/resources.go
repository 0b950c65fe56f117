package runtime

// Clients of resources: opened on first use, once in a process, and closed when their users are done.
// This file knows no driver.

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"
)

// ResourceUnavailable says that the client of a resource cannot be opened. The next attempt tries again.
type ResourceUnavailable struct {
	own
	cause error
}

// Unwrap gives why.
func (e *ResourceUnavailable) Unwrap() error { return e.cause }

// MissingVariable says that the address of a resource is read from an environment variable that is not set. It is never
// retried.
type MissingVariable struct{ own }

// Client is a client that is opened once.
type Client[C any] struct {
	pool  *Pool
	open  func(context.Context) (C, error)
	close func(C) error

	lock    sync.Mutex
	isOpen  bool
	client  C
	opening chan struct{} // closed when the opening that is under way has ended
	failure error
}

// closer is any client.
type closer interface{ closeNow() error }

var (
	clientsLock sync.Mutex
	clients     []closer
)

// NewClient makes a client that is opened on first use. `close` may be nil.
func NewClient[C any](id string, pool *Pool, open func(context.Context) (C, error), close func(C) error) *Client[C] {
	if pool == nil {
		pool = NewPool(id, PoolOptions{})
	}
	pool.isClient = true
	return &Client[C]{pool: pool, open: open, close: close}
}

// NewAddressed makes a client of what stands at an address, opened on first use. What is secret in the address is told
// nobody.
func NewAddressed[C any](id string, pool *Pool, address func(Env) (string, error), open func(context.Context, string) (C, error), close func(C) error) *Client[C] {
	opening := func(ctx context.Context) (C, error) {
		var none C
		where, err := address(EnvOf(id))
		if err != nil {
			return none, err
		}
		client, err := open(ctx, where)
		if err != nil {
			return none, &unopened{fmt.Sprintf("%s: %s", shownAddress(where), scrubbed(textOf(err), where)), err}
		}
		return client, nil
	}
	return NewClient(id, pool, opening, close)
}

// GRPCTarget is what gRPC takes for the address of a service, and whether it speaks TLS. An address of one of gRPC's own
// schemes stays as it is.
func GRPCTarget(address string) (target string, isSecure bool) {
	parsed, err := url.Parse(address)
	if err != nil {
		return address, false
	}
	switch parsed.Scheme {
	case "http", "grpc", "https", "grpcs":
		return placeOf(address)
	}
	return address, false
}

// unopened is the failure of an opening, without what is secret in the address.
type unopened struct {
	message string
	cause   error
}

func (u *unopened) Error() string { return u.message }

func (u *unopened) Unwrap() error { return u.cause }

// Pool are the permits and the rate.
func (c *Client[C]) Pool() *Pool { return c.pool }

// Get gives the client, and opens it where it is not; whoever comes meanwhile waits for the same opening.
func (c *Client[C]) Get(ctx context.Context) (C, error) {
	var none C
	c.lock.Lock()
	if c.isOpen {
		defer c.lock.Unlock()
		return c.client, nil
	}
	if c.opening == nil {
		c.opening = make(chan struct{})
		go c.openNow(context.WithoutCancel(ctx), c.opening)
	}
	opening := c.opening
	c.lock.Unlock()
	select {
	case <-opening:
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.isOpen {
		return c.client, nil
	}
	return none, c.failure
}

func (c *Client[C]) openNow(ctx context.Context, opening chan struct{}) {
	client, err := guarded(ctx, c.open)
	usageOf(c.pool.id, c.pool.scope(), c.pool.options.Permits).opening(err == nil)
	c.lock.Lock()
	defer c.lock.Unlock()
	defer close(opening)
	c.opening = nil
	if err != nil {
		c.failure = c.unavailable(err)
		return
	}
	c.client, c.isOpen, c.failure = client, true, nil
	clientsLock.Lock()
	defer clientsLock.Unlock()
	clients = append(clients, c)
}

func (c *Client[C]) unavailable(err error) error {
	if missing, ok := err.(*MissingVariable); ok {
		return missing
	}
	message := fmt.Sprintf("the resource %s cannot be opened: %s", c.pool.id, textOf(err))
	return &ResourceUnavailable{own{[]string{"conductor.ResourceUnavailable"}, message}, err}
}

// closeNow closes the client; the next use opens another.
func (c *Client[C]) closeNow() error {
	c.lock.Lock()
	client, wasOpen := c.client, c.isOpen
	var none C
	c.client, c.isOpen = none, false
	c.lock.Unlock()
	if !wasOpen || c.close == nil {
		return nil
	}
	if err := c.close(client); err != nil {
		return fmt.Errorf("the resource %s cannot be closed: %w", c.pool.id, err)
	}
	return nil
}

// closeClients closes what is open, last opened first, after workflows that nobody awaits.
func closeClients(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		detachedWork.Wait()
		close(done)
	}()
	timer := time.NewTimer(settleWithin)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
	clientsLock.Lock()
	list := slices.Clone(clients)
	clients = nil
	clientsLock.Unlock()
	slices.Reverse(list)
	var first error
	for _, each := range list {
		first = firstError(first, each.closeNow())
	}
	return first
}
