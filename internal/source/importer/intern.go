package importer

import "hash/maphash"

const (
	// internSlots is how many strings an interner remembers.
	internSlots = 1 << 12
	// internLen is the longest string it remembers, in bytes.
	internLen = 512
)

// interner makes strings of bytes, and gives out the same string again for
// bytes seen a short while ago: a log repeats its addresses, paths and agents.
// It forgets by overwriting, so its memory is bounded.
type interner struct {
	seed  maphash.Seed
	slots []string
}

func newInterner() interner {
	return interner{seed: maphash.MakeSeed(), slots: make([]string, internSlots)}
}

func (n *interner) text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > internLen {
		return string(b)
	}
	slot := &n.slots[maphash.Bytes(n.seed, b)%internSlots]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}
