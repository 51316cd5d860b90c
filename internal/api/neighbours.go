package api

import (
	"context"
	"slices"
	"time"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

const (
	// defaultNeighbours and maxNeighbours bound each list of neighbours.
	defaultNeighbours = 10
	maxNeighbours     = 100
	// neighbourWithin is how long is searched for each list.
	neighbourWithin = 5 * time.Second
)

// neighbours lists what a session has to do with. Sessions are never merged, so
// one person's may be several.
func (a *API) neighbours(ctx context.Context, in *itemInput) (record.Neighbours, error) {
	id, err := sessionID(in.ID)
	if err != nil {
		return record.Neighbours{}, err
	}
	q, err := ask(in.raw, neighbourParams, a.now())
	if err != nil {
		return record.Neighbours{}, err
	}
	if q.limit == 0 {
		q.limit = defaultNeighbours
	}
	s, err := a.findSession(ctx, id, q.Filter)
	if err != nil {
		return record.Neighbours{}, err
	}
	n := record.Neighbours{User: s.User, Client: s.Client}
	own := q
	own.Session = &id
	if n.Days, err = a.partsOf(ctx, &own, nil); err != nil {
		return n, err
	}
	if s.User != "" {
		if n.SameUser, err = a.partsOf(ctx, &q, &id, "user", s.User); err != nil {
			return n, err
		}
	}
	if s.Client != (record.SessionID{}) {
		n.SameClient, err = a.partsOf(ctx, &q, &id, "client", s.Client.String())
	}
	return n, err
}

// partsOf lists parts of sessions other than one, newest first, with a value of a
// field where where names both.
func (a *API) partsOf(ctx context.Context, q *question, other *record.SessionID, where ...string) ([]record.Part, error) {
	ask := store.SessionQuery{Filter: q.Filter, Limit: q.limit, Within: neighbourWithin}
	if len(where) > 0 {
		c, err := store.NewCondition(where[0], false, where[1])
		if err != nil {
			return nil, err
		}
		ask.Where = []store.Condition{c}
	}
	var found []record.Part
	deadline := a.now().Add(neighbourWithin)
	for {
		page, err := a.store.Sessions(ctx, ask)
		if err != nil {
			return nil, err
		}
		found = append(found, slices.DeleteFunc(page.Parts, func(p record.Part) bool { return other != nil && p.ID == *other })...)
		if page.Next == "" || len(found) >= q.limit || !a.now().Before(deadline) {
			return found[:min(len(found), q.limit)], nil
		}
		ask.Cursor = page.Next
	}
}
