package memory

import (
	"cmp"
	"context"
	"slices"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Sessions implements store.Store.
func (s *Store) Sessions(ctx context.Context, q store.SessionQuery) (store.SessionPage, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return store.SessionPage{}, err
	}
	var after *store.PartCursor
	if q.Cursor != "" {
		c, err := store.ParsePartCursor(q.Cursor)
		if err != nil {
			return store.SessionPage{}, err
		}
		after = &c
	}
	parts := []record.Part{}
	for d, day := range s.days {
		attacked := day.attacked()
		for id, requests := range day.bySession() {
			part := summarize(requests, attacked)
			part.ID, part.Part = id, d
			for _, r := range requests {
				if q.Match(r) {
					part.Matched++
				}
			}
			if part.Matched > 0 && (after == nil || store.CursorOf(&part).Compare(*after) > 0) {
				parts = append(parts, part)
			}
		}
	}
	slices.SortFunc(parts, func(a, b record.Part) int { return store.CursorOf(&a).Compare(store.CursorOf(&b)) })
	page := store.SessionPage{Parts: parts}
	if limit := store.PageLimit(q.Limit); len(parts) > limit {
		page.Parts = parts[:limit]
		page.Next = store.CursorOf(&parts[limit-1]).String()
	}
	return page, nil
}

// Session implements store.Store.
func (s *Store) Session(ctx context.Context, id record.SessionID, f store.Filter) (record.Session, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return record.Session{}, err
	}
	out := record.Session{ID: id, Parts: []record.PartRef{}}
	var matched []*record.Request
	attacked := map[record.RequestID]bool{}
	for _, d := range s.newestFirst() {
		requests := s.days[d].bySession()[id]
		if len(requests) == 0 {
			continue
		}
		out.Parts = append(out.Parts, record.PartRef{Part: d, Requests: int64(len(requests))})
		for a := range s.days[d].attacked() {
			attacked[a] = true
		}
		for _, r := range requests {
			if f.Match(r) {
				matched = append(matched, r)
			}
		}
	}
	if len(out.Parts) == 0 {
		return record.Session{}, store.ErrNotFound
	}
	sum := summarize(matched, attacked)
	out.Started, out.Ended, out.Requests = sum.Started, sum.Ended, sum.Requests
	out.Attacks, out.Errors = sum.Attacks, sum.Errors
	out.Key, out.Rung, out.Strength = sum.Key, sum.Rung, sum.Strength
	out.IP, out.Country, out.UserAgent = sum.IP, sum.Country, sum.UserAgent
	out.User, out.Users, out.Roles = sum.User, sum.Users, sum.Roles
	out.Facets = facets(matched)
	return out, nil
}

// Requests implements store.Store.
func (s *Store) Requests(ctx context.Context, q store.RequestQuery) (store.RequestPage, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return store.RequestPage{}, err
	}
	var after *record.RequestID
	if q.Cursor != "" {
		id, err := store.ParseRequestCursor(q.Cursor)
		if err != nil {
			return store.RequestPage{}, err
		}
		after = &id
	}
	found := []record.Request{}
	for _, day := range s.days {
		for i := range day.requests {
			r := &day.requests[i]
			if q.Match(r) && (after == nil || r.ID.Compare(*after) > 0) {
				found = append(found, *r)
			}
		}
	}
	slices.SortFunc(found, func(a, b record.Request) int { return a.ID.Compare(b.ID) })
	page := store.RequestPage{Requests: found}
	if limit := store.PageLimit(q.Limit); len(found) > limit {
		page.Requests = found[:limit]
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

func (d *day) bySession() map[record.SessionID][]*record.Request {
	sessions := map[record.SessionID][]*record.Request{}
	for i := range d.requests {
		r := &d.requests[i]
		sessions[r.Session] = append(sessions[r.Session], r)
	}
	return sessions
}

func (d *day) attacked() map[record.RequestID]bool {
	attacked := map[record.RequestID]bool{}
	for _, f := range d.findings {
		if f.Attack {
			attacked[f.Request] = true
		}
	}
	return attacked
}
