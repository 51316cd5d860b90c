package duckdb

import (
	"context"
	"database/sql"
	"errors"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Session implements store.Store.
func (s *Store) Session(ctx context.Context, id record.SessionID, f store.Filter) (record.Session, error) {
	if err := s.enter(ctx); err != nil {
		return record.Session{}, err
	}
	defer s.leave()
	passes, err := s.sessionPasses(ctx, id, &f)
	if err != nil {
		return record.Session{}, err
	}
	out := record.Session{ID: id, Parts: []record.PartRef{}}
	total := newTally()
	for _, d := range s.newestFirst() {
		var requests int64
		var found *tally
		err := s.view(ctx, d, func(tx *sql.Tx) error {
			snap, err := snapshotOf(ctx, tx, d.date)
			if err != nil {
				return err
			}
			found, requests, err = snap.session(ctx, id, &f, passes && concerns(&f, d.date))
			return err
		})
		if errors.Is(err, errGone) || err == nil && requests == 0 {
			continue
		}
		if err != nil {
			return record.Session{}, err
		}
		out.Parts = append(out.Parts, record.PartRef{Part: d.date, Requests: requests})
		total.merge(found)
	}
	if len(out.Parts) == 0 {
		return record.Session{}, store.ErrNotFound
	}
	total.summarize(&out)
	return out, nil
}

// session sums up what a session has in a day: all its requests, and the tally of
// those that pass f when asked for.
func (s *snapshot) session(ctx context.Context, id record.SessionID, f *store.Filter, ask bool) (*tally, int64, error) {
	t := newTally()
	var p record.Part
	is := inSessions([]record.SessionID{id})
	err := s.QueryRowContext(ctx, "SELECT started, ended, requests, errors, bytes FROM "+s.parts()+" WHERE "+is).
		Scan(&p.Started, &p.Ended, &p.Requests, &p.Errors, &p.Bytes)
	if errors.Is(err, sql.ErrNoRows) {
		return t, 0, nil
	}
	if err != nil || !ask {
		return t, p.Requests, err
	}
	where, err := compile(ctx, s.Tx, s.date, f)
	if err != nil || where.nothing {
		return t, p.Requests, err
	}
	tallies := map[record.SessionID]*tally{id: t}
	whole := where.everything()
	where.and(is)
	where.and("started BETWEEN ? AND ?", int64(p.Started), int64(p.Ended))
	if whole {
		t.total(p.Started, p.Ended, p.Requests, p.Errors, p.Bytes)
		err = s.readListed(ctx, []record.SessionID{id}, where, tallies)
	} else {
		err = s.readRows(ctx, where, t, tallies)
	}
	if err == nil && t.requests > 0 {
		err = errors.Join(s.readClients(ctx, where, t), s.readAttacks(ctx, where, tallies))
	}
	if t.requests > t.attacked {
		t.count("attack", "", t.requests-t.attacked)
	}
	return t, p.Requests, err
}

// readRows sums up the requests that meet where, which are of one session.
func (s *snapshot) readRows(ctx context.Context, where *condition, t *tally, tallies map[record.SessionID]*tally) error {
	rows := "(SELECT * FROM requests WHERE " + where.where() + ")"
	var p record.Part
	err := s.QueryRowContext(ctx, "SELECT started, ended, requests, errors, bytes FROM ("+totalsSQL(rows)+")", where.args...).
		Scan(&p.Started, &p.Ended, &p.Requests, &p.Errors, &p.Bytes)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	t.total(p.Started, p.Ended, p.Requests, p.Errors, p.Bytes)
	counts, err := readCounts(ctx, s.Tx, countsSQL(rows), where.args...)
	if err != nil {
		return err
	}
	return addCounts(ctx, s.Tx, counts, tallies)
}

// readClients counts the clients of requests that meet where.
func (s *snapshot) readClients(ctx context.Context, where *condition, t *tally) error {
	rows, err := s.QueryContext(ctx, "SELECT client, count(*) FROM requests WHERE "+where.where()+" GROUP BY client", where.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id record.SessionID
		var n int64
		if err := rows.Scan((*uuid)(&id), &n); err != nil {
			return err
		}
		t.clients[id] += n
	}
	return rows.Err()
}
