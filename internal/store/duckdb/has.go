package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// has is what a filter asks of sessions: conditions that some request of theirs,
// on whatever day of the range, meets or that none meets.
//
// The sessions that have such a request are collected first. While they are few,
// each day is asked about them alone, or about all others. When they are many, the
// candidates of a page are held against all days instead, batch by batch.
type has struct {
	store *Store
	asked []askedOf
}

// askedOf is one condition of Has.
type askedOf struct {
	filter store.Filter // the range, and the condition as a positive one
	not    bool
	ids    map[record.SessionID]bool // who has such a request
	some   bool                      // ids is not all of them
}

// maxHasSessions is how many sessions are collected for one condition.
const maxHasSessions = 5000

// newHas collects the sessions that f.Has is about, as long as they are few.
func (s *Store) newHas(ctx context.Context, f *store.Filter) (*has, error) {
	h := &has{store: s}
	for _, c := range f.Has {
		a := askedOf{filter: store.Filter{From: f.From, To: f.To, Session: f.Session}, not: c.Not, ids: map[record.SessionID]bool{}}
		c.Not = false
		a.filter.Where = []store.Condition{c}
		most := s.limits.hasSessions
		if a.ofAttacks() {
			most *= 20 // they are found without a look at the requests
		}
		if err := s.collect(ctx, &a, most); err != nil {
			return nil, err
		}
		h.asked = append(h.asked, a)
	}
	return h, nil
}

// collect adds the sessions that have a request that meets a's condition, up to a
// number of them.
func (s *Store) collect(ctx context.Context, a *askedOf, most int) error {
	for _, d := range s.newestFirst() {
		if !concerns(&a.filter, d.date) {
			continue
		}
		err := s.having(ctx, d, a, "true", most+1, func(id record.SessionID) { a.ids[id] = true })
		if err != nil && !errors.Is(err, errGone) {
			return err
		}
		if a.some = len(a.ids) > most; a.some {
			return nil
		}
	}
	return nil
}

// having yields sessions of a day that have a request that meets a's condition.
func (s *Store) having(ctx context.Context, d *day, a *askedOf, among string, most int, yield func(record.SessionID)) error {
	return s.view(ctx, d, func(tx *sql.Tx) error {
		from, where, err := a.source(ctx, tx, d.date)
		if err != nil || where.nothing {
			return err
		}
		rows, err := tx.QueryContext(ctx, fmt.Sprintf("SELECT DISTINCT session FROM %s WHERE %s AND %s LIMIT %d", from, where.where(), among, most), where.args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id record.SessionID
			if err := rows.Scan((*uuid)(&id)); err != nil {
				return err
			}
			yield(id)
		}
		return rows.Err()
	})
}

// source is where sessions that have such a request are found, and the condition
// there: the attacks of the day tell of attacks without a look at its requests.
func (a *askedOf) source(ctx context.Context, tx *sql.Tx, date record.Day) (from string, where *condition, err error) {
	if !a.ofAttacks() {
		where, err = compile(ctx, tx, date, &a.filter)
		return "requests", where, err
	}
	snap, err := snapshotOf(ctx, tx, date)
	if err != nil {
		return "", nil, err
	}
	where = inRange(date, &a.filter)
	if a.filter.Session != nil {
		where.and("session = CAST(? AS UUID)", a.filter.Session.String())
	}
	where.add(anyOf(eachText(a.filter.Where[0].Texts, "type = ?")...))
	return snap.attacks(), where, nil
}

// ofAttacks reports that a asks for attacks, and not for requests without.
func (a *askedOf) ofAttacks() bool {
	c := &a.filter.Where[0]
	return c.Field.Name == "attack" && !slices.Contains(c.Texts, "")
}

// asks reports that pass must be asked, because narrow does not ask everything.
func (h *has) asks() bool {
	return slices.ContainsFunc(h.asked, func(a askedOf) bool { return a.some })
}

// narrow adds to where what all of the few sessions tell.
func (h *has) narrow(where *condition) {
	for i := range h.asked {
		a := &h.asked[i]
		switch {
		case a.some:
		case len(a.ids) == 0 && a.not:
		case len(a.ids) == 0:
			where.add(expression{truth: never})
		default:
			e := someSessions(a.ids)
			if a.not {
				e = e.not()
			}
			where.add(e)
		}
	}
}

// someSessions is the condition that a request is of one of ids.
func someSessions(ids map[record.SessionID]bool) expression {
	list := make([]record.SessionID, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	if len(list) <= maxSessionsInText {
		return expression{sql: inSessions(list)}
	}
	texts := make([]string, len(list))
	for i, id := range list {
		texts[i] = id.String()
	}
	// The driver binds no list of UUIDs.
	return expression{sql: "session IN (SELECT unnest(CAST(CAST(? AS VARCHAR[]) AS UUID[])))", args: []any{texts}}
}

// pass returns which of ids meet what narrow does not ask.
func (h *has) pass(ctx context.Context, ids []record.SessionID) (map[record.SessionID]bool, error) {
	passes := make(map[record.SessionID]bool, len(ids))
	for _, id := range ids {
		passes[id] = true
	}
	for i := range h.asked {
		if !h.asked[i].some {
			continue
		}
		found, err := h.among(ctx, &h.asked[i], passes)
		if err != nil {
			return nil, err
		}
		for id := range passes {
			if found[id] == h.asked[i].not {
				delete(passes, id)
			}
		}
	}
	return passes, nil
}

// among returns those of ids that have a request that meets a's condition.
func (h *has) among(ctx context.Context, a *askedOf, ids map[record.SessionID]bool) (map[record.SessionID]bool, error) {
	found, open := map[record.SessionID]bool{}, []record.SessionID{}
	for id := range ids {
		if a.ids[id] {
			found[id] = true
		} else {
			open = append(open, id)
		}
	}
	for _, d := range h.store.newestFirst() {
		if !concerns(&a.filter, d.date) {
			continue
		}
		for batch := range slices.Chunk(open, maxSessionsInText) {
			err := h.store.having(ctx, d, a, inSessions(batch), len(batch), func(id record.SessionID) { found[id] = true })
			if err != nil && !errors.Is(err, errGone) {
				return nil, err
			}
		}
		open = slices.DeleteFunc(open, func(id record.SessionID) bool { return found[id] })
	}
	return found, nil
}

// exhaust collects all sessions, however many, so that narrow asks everything. It
// is for questions that are about all requests anyway.
func (h *has) exhaust(ctx context.Context) error {
	for i := range h.asked {
		if !h.asked[i].some {
			continue
		}
		if err := h.store.collect(ctx, &h.asked[i], maxAllSessions); err != nil {
			return err
		}
		if h.asked[i].some {
			return fmt.Errorf("%w: more than %d sessions meet has.%s", store.ErrTooMany, maxAllSessions, h.asked[i].filter.Where[0].Field.Name)
		}
	}
	return nil
}

// maxAllSessions bounds what exhaust collects, and with it memory.
const maxAllSessions = 2_000_000

// sessionPasses reports whether one session passes f.Has.
func (s *Store) sessionPasses(ctx context.Context, id record.SessionID, f *store.Filter) (bool, error) {
	if len(f.Has) == 0 {
		return true, nil
	}
	of := *f
	of.Session = &id
	h, err := s.newHas(ctx, &of)
	if err != nil {
		return false, err
	}
	for i := range h.asked {
		if h.asked[i].ids[id] == h.asked[i].not {
			return false, nil
		}
	}
	return true, nil
}
