package memory

// NewTight returns an empty store that holds few groups while it counts.
func NewTight(maxGroups int) *Store {
	s := New()
	s.maxGroups = maxGroups
	return s
}

// Reopen takes Close back, as if what s holds had been on a disk.
func (s *Store) Reopen() { s.closed = false }
