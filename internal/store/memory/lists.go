package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Sessions implements store.Store. It always searches to the end.
func (s *Store) Sessions(ctx context.Context, q store.SessionQuery) (store.SessionPage, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return store.SessionPage{}, err
	}
	var after *store.PartCursor
	if q.Cursor != "" {
		c, err := store.ParsePartCursor(q.Cursor, q.Sort, q.Up)
		if err != nil {
			return store.SessionPage{}, err
		}
		after = &c
	}
	place := func(p *record.Part) store.PartCursor { return store.CursorOf(p, q.Sort, q.Up) }
	parts := s.parts(&q.Filter)
	parts = slices.DeleteFunc(parts, func(p record.Part) bool { return after != nil && place(&p).Compare(*after) <= 0 })
	slices.SortFunc(parts, func(a, b record.Part) int { return place(&a).Compare(place(&b)) })
	page := store.SessionPage{Parts: parts}
	if limit := store.PageLimit(q.Limit); len(parts) > limit {
		page.Parts = parts[:limit]
		page.Next = place(&parts[limit-1]).String()
	}
	return page, nil
}

// parts returns the parts that have a request that passes f, in no order.
func (s *Store) parts(f *store.Filter) []record.Part {
	rows, matched := map[part][]*row{}, map[part]int64{}
	for _, r := range s.rows(f) {
		rows[r.part()] = append(rows[r.part()], r)
		if r.passes {
			matched[r.part()]++
		}
	}
	parts := []record.Part{}
	for at, n := range matched {
		p := summarize(rows[at])
		p.ID, p.Part, p.Matched = at.id, at.day, n
		parts = append(parts, p)
	}
	return parts
}

// Count implements store.Store. It always counts to the end.
func (s *Store) Count(ctx context.Context, f store.Filter, _ time.Duration) (record.Total, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return record.Total{}, err
	}
	rows, parts := s.passing(&f), map[part]bool{}
	for _, r := range rows {
		parts[r.part()] = true
	}
	return record.Total{Parts: int64(len(parts)), Requests: int64(len(rows)), Complete: true}, nil
}

// Session implements store.Store.
func (s *Store) Session(ctx context.Context, id record.SessionID, f store.Filter) (record.Session, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return record.Session{}, err
	}
	days := map[record.Day]int64{}
	var in []*row
	for _, r := range s.rows(&f) {
		if r.Session != id {
			continue
		}
		days[r.Started.Day()]++
		if r.passes {
			in = append(in, r)
		}
	}
	if len(days) == 0 {
		return record.Session{}, store.ErrNotFound
	}
	out := sessionOf(in)
	out.ID, out.Parts = id, refs(days)
	return out, nil
}

// Requests implements store.Store.
func (s *Store) Requests(ctx context.Context, q store.RequestQuery) (store.RequestPage, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return store.RequestPage{}, err
	}
	found := s.passing(&q.Filter)
	if q.Down {
		slices.Reverse(found)
	}
	if q.Cursor != "" {
		after, err := store.ParseRequestCursor(q.Cursor)
		if err != nil {
			return store.RequestPage{}, err
		}
		found = slices.DeleteFunc(found, func(r *row) bool {
			order := r.ID.Compare(after)
			return order == 0 || q.Down != (order < 0)
		})
	}
	page := store.RequestPage{Requests: []record.Request{}}
	limit := store.PageLimit(q.Limit)
	for _, r := range found[:min(limit, len(found))] {
		r.Findings = nil // they are rows of their own
		page.Requests = append(page.Requests, r.Request)
	}
	if len(found) > limit {
		page.Next = found[limit-1].ID.String()
	}
	return page, nil
}

// Request implements store.Store.
func (s *Store) Request(ctx context.Context, id record.RequestID) (record.Request, error) {
	page, err := s.Requests(ctx, store.RequestQuery{Filter: store.Filter{Request: &id}, Limit: 1})
	if err != nil {
		return record.Request{}, err
	}
	if len(page.Requests) == 0 {
		return record.Request{}, store.ErrNotFound
	}
	return page.Requests[0], nil
}

// Findings implements store.Store.
func (s *Store) Findings(ctx context.Context, id record.RequestID) ([]record.Finding, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	found := []record.Finding{}
	if day := s.days[id.At.Day()]; day != nil {
		for _, f := range day.findings {
			if f.Request == id {
				found = append(found, f)
			}
		}
	}
	slices.SortFunc(found, func(a, b record.Finding) int { return cmp.Compare(a.ID, b.ID) })
	return found, nil
}

// refs lists days, newest first.
func refs(requests map[record.Day]int64) []record.PartRef {
	list := []record.PartRef{}
	for d, n := range requests {
		list = append(list, record.PartRef{Part: d, Requests: n})
	}
	slices.SortFunc(list, func(a, b record.PartRef) int { return cmp.Compare(b.Part, a.Part) })
	return list
}
