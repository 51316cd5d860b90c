package jwks

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
)

// MaxKnown is how many tokens are remembered as verified or not.
const MaxKnown = 32 << 10

// digest names a token. It is one that cannot be forged: who finds another token
// with the same digest would be believed.
type digest = [sha256.Size]byte

// cache remembers verdicts. Of two generations the older is forgotten when the
// younger is full; what is asked for stays young.
type cache struct {
	mu         sync.Mutex
	young, old map[digest]verdict
	most       int // of a generation
	evicted    *atomic.Uint64
}

func newCache(evicted *atomic.Uint64) *cache {
	return &cache{young: map[digest]verdict{}, most: MaxKnown / 2, evicted: evicted}
}

func (c *cache) get(d digest) (verdict, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.young[d]
	if ok {
		return v, true
	}
	if v, ok = c.old[d]; ok {
		delete(c.old, d)
		c.add(d, v)
	}
	return v, ok
}

func (c *cache) put(d digest, v verdict) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(d, v)
}

func (c *cache) add(d digest, v verdict) {
	if len(c.young) >= c.most {
		c.evicted.Add(uint64(len(c.old)))
		c.young, c.old = map[digest]verdict{}, c.young
	}
	c.young[d] = v
}

// len is how many tokens are remembered.
func (c *cache) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.young) + len(c.old)
}
