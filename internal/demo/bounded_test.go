package demo

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBounded(t *testing.T) {
	b := newBounded[string, int](3)
	for i, k := range []string{"a", "b", "c"} {
		b.put(k, i)
	}
	b.put("a", 10) // replaced: the newest now
	b.put("d", 3)  // pushes out b
	if _, ok := b.get("b"); ok {
		t.Error("the oldest entry is still there")
	}
	if diff := cmp.Diff([]int{3, 10, 2}, slices.Collect(b.newest())); diff != "" {
		t.Error(diff)
	}
	b.remove("c")
	b.remove("never")
	b.put("e", 4)
	if b.len() != 3 || b.evicted != 1 {
		t.Errorf("%d entries, %d evicted; want 3 and 1", b.len(), b.evicted)
	}
}

func TestBoundedChurn(t *testing.T) {
	b := newBounded[int, int](100)
	for i := range 10_000 {
		b.put(i, i)
		b.remove(i - 50*(i%3))
	}
	if b.len() > 100 || len(b.entries) != b.order.Len() {
		t.Errorf("%d entries, %d in order", len(b.entries), b.order.Len())
	}
}
