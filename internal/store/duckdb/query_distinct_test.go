package duckdb

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"sojourn/internal/store"
)

// TestDistinct: few are counted exactly, many about, and sets with few stay exact
// beside those with many.
func TestDistinct(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	d := newDistinct(10_000)
	add := func(set uint32, n int) {
		t.Helper()
		for range n {
			hash := random.Uint64()
			for range 2 {
				if err := d.add(set, hash); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	add(0, 9000)
	add(1, 1000)
	if d.approximate() || d.count(0) != 9000 || d.count(1) != 1000 || d.count(2) != 0 {
		t.Fatalf("10000 values: %v, %v, approximate %v", d.count(0), d.count(1), d.approximate())
	}
	add(0, 191_000)
	add(1, 500)
	if !d.approximate() || d.count(1) != 1500 || math.Abs(d.count(0)-200_000) > 200_000*.04 {
		t.Errorf("200000 and 1500 values: %v, %v, approximate %v", d.count(0), d.count(1), d.approximate())
	}
	if len(d.hashes) > 10_000 {
		t.Errorf("%d hashes are kept", len(d.hashes))
	}
}

// TestDistinctBounds: what cannot be sketched is counted up to a bound.
func TestDistinctBounds(t *testing.T) {
	d := newDistinct(1000)
	var err error
	n := 0
	for ; err == nil && n < 2*maxHashes; n++ {
		err = d.add(uint32(n), uint64(n))
	}
	if !errors.Is(err, store.ErrTooMany) || n < maxHashes {
		t.Errorf("sets of one value end at %d with %v", n, err)
	}
}
