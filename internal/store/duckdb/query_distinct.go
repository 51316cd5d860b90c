package duckdb

import (
	"fmt"

	"github.com/axiomhq/hyperloglog"

	"sojourn/internal/store"
)

// distinct counts the different values of each of many sets by their hashes. While
// there are few in all, the hashes are kept. Beyond, sets with many become
// HyperLogLog sketches, which estimate: with 16384 registers the standard error is
// 0.8 % (Flajolet et al., 2007). Sets with few stay exact.
type distinct struct {
	most     int               // hashes that are kept before there are sketches
	next     int               // hashes at which to look for sets to sketch
	hashes   map[uint64]uint32 // the set by what mark makes of the hash
	sizes    map[uint32]int    // hashes that are kept, by set
	sketches map[uint32]*hyperloglog.Sketch
}

// mark tells the hashes of one set from those of others; it is its own reverse.
func mark(set uint32, hash uint64) uint64 { return hash ^ uint64(set)*0x9e3779b97f4a7c15 }

const (
	// minSketched is how many hashes take the memory of a sketch.
	minSketched = 2048
	// maxHashes and maxSketches bound memory to some hundred megabytes.
	maxHashes   = 4_000_000
	maxSketches = 8192
)

func newDistinct(most int) *distinct {
	return &distinct{most: most, next: most, hashes: map[uint64]uint32{}, sizes: map[uint32]int{}, sketches: map[uint32]*hyperloglog.Sketch{}}
}

// add adds a value to a set, by its hash.
func (d *distinct) add(set uint32, hash uint64) error {
	if s := d.sketches[set]; s != nil {
		s.InsertHash(hash)
		return nil
	}
	m := mark(set, hash)
	if _, ok := d.hashes[m]; ok {
		return nil
	}
	d.hashes[m] = set
	d.sizes[set]++
	if len(d.hashes) <= d.next {
		return nil
	}
	d.sketch()
	d.next = max(d.most, len(d.hashes)/4*5)
	if len(d.hashes) > max(d.most, maxHashes) || len(d.sketches) > maxSketches {
		return fmt.Errorf("%w: there are too many distinct values in too many groups", store.ErrTooMany)
	}
	return nil
}

// sketch replaces the large sets by sketches.
func (d *distinct) sketch() {
	large := min(minSketched, d.most)
	for m, set := range d.hashes {
		if d.sizes[set] < large {
			continue
		}
		if d.sketches[set] == nil {
			d.sketches[set] = hyperloglog.NewNoSparse()
		}
		d.sketches[set].InsertHash(mark(set, m))
		delete(d.hashes, m)
	}
	for set := range d.sketches {
		delete(d.sizes, set)
	}
}

// count returns how many values a set has.
func (d *distinct) count(set uint32) float64 {
	if s := d.sketches[set]; s != nil {
		return float64(s.Estimate())
	}
	return float64(d.sizes[set])
}

// approximate reports whether some counts are estimates.
func (d *distinct) approximate() bool { return len(d.sketches) > 0 }
