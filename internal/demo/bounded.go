package demo

import (
	"container/list"
	"iter"
)

// bounded is a map that holds at most limit entries: a new one pushes out the
// one that was added first. It is not safe for concurrent use.
type bounded[K comparable, V any] struct {
	limit   int
	order   *list.List // of slot[K, V], oldest first
	entries map[K]*list.Element
	evicted int
}

type slot[K comparable, V any] struct {
	key   K
	value V
}

func newBounded[K comparable, V any](limit int) *bounded[K, V] {
	return &bounded[K, V]{limit: limit, order: list.New(), entries: make(map[K]*list.Element)}
}

func (b *bounded[K, V]) get(key K) (V, bool) {
	e, ok := b.entries[key]
	if !ok {
		var none V
		return none, false
	}
	return e.Value.(slot[K, V]).value, true
}

// put adds or replaces the value of key; a replaced entry counts as new.
func (b *bounded[K, V]) put(key K, value V) {
	b.remove(key)
	if b.order.Len() >= b.limit {
		b.remove(b.order.Front().Value.(slot[K, V]).key)
		b.evicted++
	}
	b.entries[key] = b.order.PushBack(slot[K, V]{key, value})
}

func (b *bounded[K, V]) remove(key K) {
	if e, ok := b.entries[key]; ok {
		b.order.Remove(e)
		delete(b.entries, key)
	}
}

func (b *bounded[K, V]) len() int { return b.order.Len() }

// newest yields the values, the one added last first.
func (b *bounded[K, V]) newest() iter.Seq[V] {
	return func(yield func(V) bool) {
		for e := b.order.Back(); e != nil; e = e.Prev() {
			if !yield(e.Value.(slot[K, V]).value) {
				return
			}
		}
	}
}
