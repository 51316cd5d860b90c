package jwks

import (
	"encoding/binary"
	"sync/atomic"
	"testing"
)

func TestCache(t *testing.T) {
	var evicted atomic.Uint64
	c := newCache(&evicted)
	name := func(i int) (d digest) {
		binary.BigEndian.PutUint64(d[:], uint64(i))
		return d
	}
	put := func(i int) { c.put(name(i), verdict{signed: true, expire: float64(i)}) }
	put(0)
	for i := 1; i <= 3*MaxKnown; i++ {
		put(i)
		if v, ok := c.get(name(0)); !ok || v.expire != 0 {
			t.Fatalf("after %d others a token in use is forgotten", i)
		}
		if n := c.len(); n > MaxKnown {
			t.Fatalf("%d tokens are remembered", n)
		}
	}
	if _, ok := c.get(name(1)); ok {
		t.Error("a token that nobody asks for is never forgotten")
	}
	if v, ok := c.get(name(3 * MaxKnown)); !ok || v.expire != 3*MaxKnown {
		t.Error("the newest token is forgotten")
	}
	if got, want := evicted.Load()+uint64(c.len()), uint64(3*MaxKnown+1); got != want {
		t.Errorf("%d evicted or kept, of %d", got, want)
	}
}
