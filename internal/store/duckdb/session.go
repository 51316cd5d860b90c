package duckdb

import (
	"context"
	"database/sql"
	"errors"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// maxFacetCounts bounds how many values of one facet of one session a day hands
// over. A session of several days with more distinct values than that has the
// rarest of them left out of its counts.
const maxFacetCounts = 20_000

// Session implements store.Store.
func (s *Store) Session(ctx context.Context, id record.SessionID, f store.Filter) (record.Session, error) {
	if err := s.enter(ctx); err != nil {
		return record.Session{}, err
	}
	defer s.leave()
	out := record.Session{ID: id, Parts: []record.PartRef{}}
	total := newTally()
	for _, d := range s.newestFirst() {
		var requests int64
		found := map[record.SessionID]*tally{id: newTally()}
		err := s.view(ctx, d, func(tx *sql.Tx) error {
			var started, ended int64
			err := tx.QueryRowContext(ctx, partSQL, id.String(), id.String()).Scan(&requests, &started, &ended)
			if err != nil || requests == 0 || !concerns(&f, d.date) {
				return err
			}
			where, err := compile(ctx, tx, d.date, &f)
			if err != nil || where.nothing {
				return err
			}
			where.and("session = CAST(? AS UUID)", id.String())
			where.and("started BETWEEN ? AND ?", started, ended)
			return countSessions(ctx, tx, where, sessionFacets, maxFacetCounts, found)
		})
		if errors.Is(err, errGone) || err == nil && requests == 0 {
			continue
		}
		if err != nil {
			return record.Session{}, err
		}
		out.Parts = append(out.Parts, record.PartRef{Part: d.date, Requests: requests})
		total.merge(found[id])
	}
	if len(out.Parts) == 0 {
		return record.Session{}, store.ErrNotFound
	}
	total.summarize(&out)
	return out, nil
}

// partSQL finds one session's part of a day: its requests, start and end.
const partSQL = `
SELECT coalesce(sum(requests), 0)::BIGINT, coalesce(min(started), 0), coalesce(max(ended), 0) FROM (
	SELECT requests, started, ended FROM parts WHERE session = CAST(? AS UUID)
	UNION ALL
	SELECT count(*), min(started), max(started) FROM requests
	WHERE rowid >= (SELECT covered FROM meta) AND session = CAST(? AS UUID)
)`

var sessionFacets = append([]string{"grouping", "origin"}, record.FacetNames...)

// merge adds another day's tally.
func (t *tally) merge(day *tally) {
	if day.requests == 0 {
		return
	}
	if t.requests == 0 || day.started < t.started {
		t.started = day.started
	}
	t.ended = max(t.ended, day.ended)
	t.requests += day.requests
	t.errors += day.errors
	t.attacked += day.attacked
	for g, n := range day.groupings {
		t.groupings[g] += n
	}
	for o, n := range day.origins {
		t.origins[o] += n
	}
	for name, f := range day.facets {
		if t.facets[name] == nil {
			t.facets[name] = &facetTally{counts: map[string]int64{}}
		}
		sum := t.facets[name]
		for v, n := range f.counts {
			sum.counts[v] += n
		}
		sum.distinct = max(sum.distinct, f.distinct, int64(len(sum.counts)))
	}
}

// summarize fills in what the requests add up to.
func (t *tally) summarize(s *record.Session) {
	s.Started, s.Ended = t.started, t.ended
	s.Requests, s.Errors, s.Attacks = t.requests, t.errors, t.attacked
	s.Key, s.Rung, s.Strength = t.grouping()
	s.UserAgent = t.most("user_agent")
	s.IP, _ = t.address()
	s.Country = t.country(s.IP)
	s.User, s.Users, s.Roles = t.people()
	for _, name := range record.FacetNames {
		facet := record.Facet{Name: name, Values: []record.FacetValue{}}
		values := t.ranked(name)
		for _, v := range values[:min(len(values), record.FacetValues)] {
			n := t.facets[name].counts[v]
			facet.Values = append(facet.Values, record.FacetValue{Value: v, Count: n, Share: float64(n) / float64(t.requests)})
		}
		if f := t.facets[name]; f != nil {
			facet.Distinct = f.distinct
		}
		if facet.Told() {
			s.Facets = append(s.Facets, facet)
		}
	}
}
