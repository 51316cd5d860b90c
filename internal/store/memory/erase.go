package memory

import (
	"context"
	"slices"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Erase implements store.Store.
func (s *Store) Erase(ctx context.Context, f store.Filter) ([]record.PartRef, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	erased, lost := map[record.RequestID]bool{}, map[record.Day]int64{}
	for _, r := range s.passing(&f) {
		erased[r.ID] = true
		lost[r.Started.Day()]++
	}
	for d := range lost {
		s.days[d].erase(erased)
	}
	return refs(lost), nil
}

func (d *day) erase(ids map[record.RequestID]bool) {
	d.requests = slices.DeleteFunc(d.requests, func(r record.Request) bool {
		if ids[r.ID] {
			d.bytes -= requestBytes(&r)
		}
		return ids[r.ID]
	})
	for id, f := range d.findings {
		if ids[f.Request] {
			d.bytes -= findingBytes(&f)
			delete(d.findings, id)
		}
	}
}
