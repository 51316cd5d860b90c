package point

import "hash/maphash"

// occurrence takes one value of a name that may come again: by the name, and by
// the index that its place among its like gives it.
func (r *run) occurrence(n *node, name, value string) {
	child := n.nameString(name)
	if child == nil {
		return
	}
	r.valueString(child, value)
	if child.hasKeys() {
		var path uint64
		if child.shared {
			path = r.hash(name)
		}
		r.valueString(child.index(r.next(child, path)), value)
	}
}

// counted is a place where elements are counted that is not one node: several
// names share it by [*], and a hash of those that lead there tells them apart.
type counted struct {
	node int
	path uint64
}

// next returns the index of the next element at n. Path counts only where n is
// shared.
func (r *run) next(n *node, path uint64) int {
	if !n.shared {
		r.elements[n.id]++
		return r.elements[n.id] - 1
	}
	i := r.shared[counted{n.id, path}]
	r.passed(n, path, i)
	return i
}

// passed says that an element at n has index i: the next one comes behind it.
func (r *run) passed(n *node, path uint64, i int) {
	if !n.shared {
		r.elements[n.id] = max(r.elements[n.id], i+1)
		return
	}
	if r.shared == nil {
		r.shared = make(map[counted]int)
	}
	key := counted{n.id, path}
	r.shared[key] = max(r.shared[key], i+1)
}

// hash tells names apart within one process.
func (r *run) hash(name string) uint64 { return maphash.String(r.seed, name) }

// pathTo is the hash of a path that goes on by a key.
func pathTo(path, key uint64) uint64 { return path*0x9e3779b97f4a7c15 + key }
