package runtime

// Caches: results of calls, kept for a while, for equal calls.
// This file knows no types: results are kept as JSON, so that each reader gets its own.

import (
	"sync"
	"time"

	"conductor.invalid/internal/cel"
)

// Cache is that of one task. It does not outlive the process.
type Cache struct {
	ttl  time.Duration
	lock sync.Mutex
	kept map[string]cached
	// sweepAt is how many results make it look for those whose time is over.
	sweepAt int
}

type cached struct {
	until time.Time
	value any
}

// NewCache keeps results for so long.
func NewCache(task string, ttl time.Duration) *Cache {
	return &Cache{ttl: ttl, kept: map[string]cached{}, sweepAt: 64}
}

func (c *Cache) get(key any) (any, bool) {
	c.lock.Lock()
	defer c.lock.Unlock()
	found, ok := c.kept[string(cel.JSON(key))]
	if !ok || !time.Now().Before(found.until) {
		return nil, false
	}
	return found.value, true
}

func (c *Cache) put(key, value any) {
	c.lock.Lock()
	defer c.lock.Unlock()
	now := time.Now()
	if len(c.kept) >= c.sweepAt {
		for name, each := range c.kept {
			if !now.Before(each.until) {
				delete(c.kept, name)
			}
		}
		c.sweepAt = max(64, 2*len(c.kept))
	}
	c.kept[string(cel.JSON(key))] = cached{now.Add(c.ttl), value}
}

// Cached gives the result that is kept for a key.
func Cached[T any](cache *Cache, key any, decode func(*cel.Decoder, any) T) (T, bool) {
	value, ok := cache.get(key)
	if !ok {
		var none T
		return none, false
	}
	decoded, err := cel.Decode(value, decode)
	return decoded, err == nil
}

// Remember keeps a result for a key.
func Remember[T any](cache *Cache, key any, value T, encode func(*cel.Encoder, T) any) {
	if encoded, err := cel.Encode(value, encode); err == nil {
		cache.put(key, encoded)
	}
}
