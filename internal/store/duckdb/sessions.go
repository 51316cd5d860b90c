package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"strings"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// startsSQL sums up every session of a day: from the summary for the rows that it
// covers, from the rows for the rest.
const startsSQL = `
SELECT session, min(started) AS started, max(ended) AS ended, sum(requests)::BIGINT AS requests FROM (
	SELECT session, started, ended, requests FROM parts
	UNION ALL
	SELECT session, min(started), max(started), count(*) FROM requests WHERE rowid >= ? GROUP BY session
) GROUP BY session`

// Sessions implements store.Store. Each day first finds which of its parts belong
// on the page, looking at as little as it can, then completes those.
func (s *Store) Sessions(ctx context.Context, q store.SessionQuery) (store.SessionPage, error) {
	if err := s.enter(ctx); err != nil {
		return store.SessionPage{}, err
	}
	defer s.leave()
	after := store.PartCursor{Started: math.MaxInt64}
	for i := range after.ID {
		after.ID[i] = 0xff
	}
	if q.Cursor != "" {
		var err error
		if after, err = store.ParsePartCursor(q.Cursor); err != nil {
			return store.SessionPage{}, err
		}
	}
	limit := store.PageLimit(q.Limit)
	page := store.SessionPage{Parts: []record.Part{}}
	for _, d := range s.newestFirst() {
		if d.date > after.Started.Day() || !concerns(&q.Filter, d.date) {
			continue
		}
		var parts []record.Part
		err := s.view(ctx, d, func(tx *sql.Tx) (err error) {
			// One more than the page holds tells whether there is a next page.
			parts, err = d.pageOfParts(ctx, tx, &q.Filter, after, limit+1-len(page.Parts), limit-len(page.Parts))
			return err
		})
		if err != nil && !errors.Is(err, errGone) {
			return store.SessionPage{}, err
		}
		if err != nil {
			continue
		}
		page.Parts = append(page.Parts, parts...)
		if len(page.Parts) > limit {
			page.Parts = page.Parts[:limit]
			page.Next = store.CursorOf(&page.Parts[limit-1]).String()
			break
		}
	}
	return page, nil
}

// concerns reports whether a day can hold requests that pass f.
func concerns(f *store.Filter, date record.Day) bool {
	return (f.From == 0 || f.From < (date+1).Start()) &&
		(f.To == 0 || f.To > date.Start()) &&
		(f.Request == nil || f.Request.At.Day() == date)
}

// pageOfParts returns up to limit parts that come after a place in the list, the
// first complete of them with all their fields.
func (d *day) pageOfParts(ctx context.Context, tx *sql.Tx, f *store.Filter, after store.PartCursor, limit, complete int) ([]record.Part, error) {
	where, err := compile(ctx, tx, d.date, f)
	if err != nil || where.nothing {
		return nil, err
	}
	parts, err := d.findParts(ctx, tx, where, after, limit)
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	return parts, completeParts(ctx, tx, parts[:min(complete, len(parts))])
}

// findParts fills in id, day, start, end and the requests that matched.
func (d *day) findParts(ctx context.Context, tx *sql.Tx, where *condition, after store.PartCursor, limit int) ([]record.Part, error) {
	var covered int64
	if err := tx.QueryRowContext(ctx, "SELECT covered FROM meta").Scan(&covered); err != nil {
		return nil, err
	}
	query := "WITH starts AS (" + startsSQL + ") SELECT session, started, ended, requests FROM starts"
	args := []any{covered}
	if !where.everything() {
		query = "WITH matches AS (SELECT session, count(*) AS matched FROM requests WHERE " + where.where() + " GROUP BY session), " +
			"starts AS (" + startsSQL + ") SELECT session, started, ended, matched FROM matches JOIN starts USING (session)"
		args = append(append([]any{}, where.args...), covered)
	}
	query += " WHERE started < ? OR (started = ? AND session < CAST(? AS UUID)) ORDER BY started DESC, session DESC LIMIT ?"
	args = append(args, int64(after.Started), int64(after.Started), after.ID.String(), int64(limit))
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var parts []record.Part
	for rows.Next() {
		p := record.Part{Part: d.date}
		if err := rows.Scan((*uuid)(&p.ID), &p.Started, &p.Ended, &p.Matched); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, rows.Err()
}

// completeParts fills in the rest of parts of one day.
func completeParts(ctx context.Context, tx *sql.Tx, parts []record.Part) error {
	if len(parts) == 0 {
		return nil
	}
	where := &condition{}
	ids, marks := make([]any, len(parts)), make([]string, len(parts))
	byID := make(map[record.SessionID]*tally, len(parts))
	first, last := parts[0].Started, parts[0].Ended
	for i := range parts {
		ids[i], marks[i] = parts[i].ID.String(), "CAST(? AS UUID)"
		first, last = min(first, parts[i].Started), max(last, parts[i].Ended)
	}
	where.and("session IN ("+strings.Join(marks, ", ")+")", ids...)
	where.and("started BETWEEN ? AND ?", int64(first), int64(last))
	err := countSessions(ctx, tx, where, partFacets, partValues, byID)
	if err != nil {
		return err
	}
	for i := range parts {
		if t := byID[parts[i].ID]; t != nil {
			t.complete(&parts[i])
		}
	}
	return nil
}

// uuid scans a UUID into an id.
type uuid record.SessionID

func (u *uuid) Scan(v any) error {
	copy(u[:], v.([]byte))
	return nil
}
