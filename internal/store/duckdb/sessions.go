package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Sessions implements store.Store. Each day first finds which of its parts belong
// on the page, looking at as little as it can, then completes those.
func (s *Store) Sessions(ctx context.Context, q store.SessionQuery) (store.SessionPage, error) {
	if err := s.enter(ctx); err != nil {
		return store.SessionPage{}, err
	}
	defer s.leave()
	l, err := s.newList(ctx, &q)
	if err != nil {
		return store.SessionPage{}, err
	}
	for _, d := range l.days() {
		if err := l.searchDay(ctx, d); err != nil && !errors.Is(err, errGone) {
			return store.SessionPage{}, err
		}
		if l.stopped || l.inOrder() && len(l.found) > l.limit {
			break
		}
	}
	if !l.inOrder() {
		if err := l.completeAll(ctx); err != nil {
			return store.SessionPage{}, err
		}
	}
	return l.page(), nil
}

// list is a list of parts in the making.
type list struct {
	store    *Store
	q        *store.SessionQuery
	sort     store.Sort
	limit    int
	after    *store.PartCursor
	has      *has
	deadline time.Time // of the search; zero for none

	found   []record.Part // in order, one more than the page holds when there are more
	stopped bool          // the search was cut short
	reached store.PartCursor
}

func (s *Store) newList(ctx context.Context, q *store.SessionQuery) (*list, error) {
	l := &list{store: s, q: q, sort: cmp.Or(q.Sort, store.SortStarted), limit: store.PageLimit(q.Limit)}
	if q.Cursor != "" {
		after, err := store.ParsePartCursor(q.Cursor, l.sort, q.Up)
		if err != nil {
			return nil, err
		}
		l.after = &after
	}
	if q.Within > 0 && l.byStart() {
		l.deadline = time.Now().Add(q.Within)
	}
	var err error
	l.has, err = s.newHas(ctx, &q.Filter)
	return l, err
}

// inOrder reports that all parts of one day come before all parts of the next.
func (l *list) inOrder() bool { return l.sort == store.SortStarted || l.sort == store.SortEnded }

// byStart reports that the search can be cut short.
func (l *list) byStart() bool { return l.sort == store.SortStarted && !l.q.Up }

// days returns the days to search, in the order of the list.
func (l *list) days() []*day {
	days := slices.DeleteFunc(l.store.newestFirst(), func(d *day) bool {
		return !concerns(&l.q.Filter, d.date) ||
			l.inOrder() && l.after != nil && (d.date > l.after.Day && !l.q.Up || d.date < l.after.Day && l.q.Up)
	})
	if l.q.Up {
		slices.Reverse(days)
	}
	return days
}

func (l *list) place(p *record.Part) store.PartCursor { return store.CursorOf(p, l.sort, l.q.Up) }

// late reports that the time to search is over.
func (l *list) late() bool { return !l.deadline.IsZero() && time.Now().After(l.deadline) }

// searchDay adds the parts of a day that belong on the page. Those of a list that
// days come to in their order are complete; of others it is known only at the end
// which stay on the page.
func (l *list) searchDay(ctx context.Context, d *day) error {
	wanted := l.limit + 1
	if l.inOrder() {
		wanted -= len(l.found)
	}
	var found []record.Part
	var err error
	if l.has.asks() {
		found, err = l.passing(ctx, d, wanted)
	} else {
		err = l.store.view(ctx, d, func(tx *sql.Tx) error {
			s, err := l.newSearch(ctx, tx, d.date)
			if err != nil || s.where.nothing {
				return err
			}
			if found, err = s.find(ctx, l.after, wanted); err != nil || !l.inOrder() {
				return err
			}
			return completeParts(ctx, s.snapshot, found)
		})
	}
	if err != nil {
		return err
	}
	if l.inOrder() && l.has.asks() {
		if err := l.complete(ctx, d, found); err != nil {
			return err
		}
	}
	l.found = append(l.found, found...)
	if !l.inOrder() {
		slices.SortFunc(l.found, func(a, b record.Part) int { return l.place(&a).Compare(l.place(&b)) })
		l.found = l.found[:min(len(l.found), l.limit+1)]
	}
	return nil
}

// complete fills in the rest of parts of one day that were found before.
func (l *list) complete(ctx context.Context, d *day, parts []record.Part) error {
	if len(parts) == 0 {
		return nil
	}
	return l.store.view(ctx, d, func(tx *sql.Tx) error {
		snap, err := snapshotOf(ctx, tx, d.date)
		if err != nil {
			return err
		}
		return completeParts(ctx, snap, parts)
	})
}

// completeAll completes the parts of a list that is not in the order of days. Those
// of a day that was dropped meanwhile go.
func (l *list) completeAll(ctx context.Context) error {
	found := l.found
	l.found = nil
	for _, d := range l.days() {
		var parts []record.Part
		for _, p := range found {
			if p.Part == d.date {
				parts = append(parts, p)
			}
		}
		err := l.complete(ctx, d, parts)
		switch {
		case err == nil:
			l.found = append(l.found, parts...)
		case !errors.Is(err, errGone):
			return err
		}
	}
	slices.SortFunc(l.found, func(a, b record.Part) int { return l.place(&a).Compare(l.place(&b)) })
	return nil
}

// passing reads candidates of a day in order, batch by batch, until enough of them
// pass what is asked of their sessions. Days are looked at one at a time: whoever
// looks at one does not wait for another.
func (l *list) passing(ctx context.Context, d *day, wanted int) (passed []record.Part, err error) {
	after := l.after
	for n := wanted * likelyParts; ; n = min(2*n, max(n, maxCandidates)) {
		var candidates []record.Part
		err := l.store.view(ctx, d, func(tx *sql.Tx) error {
			s, err := l.newSearch(ctx, tx, d.date)
			if err != nil || s.where.nothing {
				return err
			}
			candidates, err = s.find(ctx, after, n)
			return err
		})
		if err != nil {
			return nil, err
		}
		ids := make([]record.SessionID, len(candidates))
		for i := range candidates {
			ids[i] = candidates[i].ID
		}
		passes, err := l.has.pass(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, p := range candidates {
			if passes[p.ID] {
				passed = append(passed, p)
			}
		}
		if len(passed) >= wanted || len(candidates) < n || l.stopped {
			return passed[:min(len(passed), wanted)], nil
		}
		last := l.place(&candidates[len(candidates)-1])
		after = &last
	}
}

func (l *list) newSearch(ctx context.Context, tx *sql.Tx, date record.Day) (*search, error) {
	snap, err := snapshotOf(ctx, tx, date)
	if err != nil {
		return nil, err
	}
	where, err := compile(ctx, tx, date, &l.q.Filter)
	if err != nil {
		return nil, err
	}
	l.has.narrow(where)
	return &search{list: l, snapshot: snap, where: where}, nil
}

// page returns what was found.
func (l *list) page() store.SessionPage {
	page := store.SessionPage{Parts: append([]record.Part{}, l.found[:min(len(l.found), l.limit)]...)}
	switch {
	case len(l.found) > l.limit:
		page.Next = l.place(&l.found[l.limit-1]).String()
	case l.stopped:
		page.Next = l.reached.String()
		if len(page.Parts) < l.limit {
			page.Searched = record.Time(l.reached.Value)
		}
	}
	return page
}

// completeParts fills in the rest of parts of one day.
func completeParts(ctx context.Context, snap *snapshot, parts []record.Part) error {
	if len(parts) == 0 {
		return nil
	}
	tallies := make(map[record.SessionID]*tally, len(parts))
	ids := make([]record.SessionID, len(parts))
	first, last := parts[0].Started, parts[0].Ended
	for i, p := range parts {
		ids[i], tallies[p.ID] = p.ID, newTally()
		tallies[p.ID].total(p.Started, p.Ended, p.Requests, p.Errors, p.Bytes)
		first, last = min(first, p.Started), max(last, p.Ended)
	}
	where := &condition{}
	where.and(inSessions(ids))
	where.and("started BETWEEN ? AND ?", int64(first), int64(last))
	if err := snap.readListed(ctx, ids, where, tallies); err != nil {
		return err
	}
	if err := snap.readAttacks(ctx, where, tallies); err != nil {
		return err
	}
	for i := range parts {
		tallies[parts[i].ID].complete(&parts[i])
	}
	return nil
}

// uuid scans a UUID into an id.
type uuid record.SessionID

func (u *uuid) Scan(v any) error {
	copy(u[:], v.([]byte))
	return nil
}
