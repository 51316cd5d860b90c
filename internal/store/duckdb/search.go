package duckdb

import (
	"context"
	"fmt"
	"strings"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// search finds the parts of one day that belong on a page. Parts have their id,
// their totals and how many of their requests matched; what is found in the
// requests is completed later.
//
// Which parts match is told by the requests, and how they are ordered by the
// summary. When nothing is asked of requests, the summary does. Otherwise a list
// by start looks through the newest requests first, then through more and more of
// them: those from some time on tell all of the parts that start later. Any other
// order needs all matches before it knows the first; it tries the first parts by
// that order first, which is enough where most match.
type search struct {
	*list
	*snapshot
	where *condition
}

// A list by start looks through the last firstWindow of a day first, and each time
// after through windowGrowth times as much.
const (
	firstWindow  = record.Time(15 * 60 * 1_000_000)
	windowGrowth = 8
)

// find returns up to wanted parts that come after a place in the list.
func (s *search) find(ctx context.Context, after *store.PartCursor, wanted int) ([]record.Part, error) {
	switch {
	case s.where.everything():
		return s.read(ctx, s.all(), nil, after, wanted)
	case s.byStart():
		return s.windows(ctx, after, wanted)
	}
	return s.any(ctx, after, wanted)
}

// all is every part of the day.
func (s *search) all() string { return "SELECT p.*, p.requests AS matched FROM " + s.parts() + " AS p" }

// read reads the first parts of a query, in the order of the list, that come after
// a place in it.
func (s *search) read(ctx context.Context, parts string, args []any, after *store.PartCursor, wanted int) ([]record.Part, error) {
	value, with := s.value()
	direction, before := "DESC", "<"
	if s.q.Up {
		direction, before = "ASC", ">"
	}
	query := "WITH listed AS (" + parts + ")" + with + " SELECT session, started, ended, requests, errors, bytes, matched, " + value + " AS value FROM listed"
	if with != "" {
		query += " LEFT JOIN attacked USING (session)"
	}
	if a := after; a != nil {
		switch {
		case s.date == a.Day:
			query += fmt.Sprintf(" WHERE value %s ? OR (value = ? AND session %[1]s CAST(? AS UUID))", before)
			args = append(args, a.Value, a.Value, a.ID.String())
		case (s.date < a.Day) != s.q.Up: // equals come after the cursor's
			query += fmt.Sprintf(" WHERE value %s= ?", before)
			args = append(args, a.Value)
		default:
			query += fmt.Sprintf(" WHERE value %s ?", before)
			args = append(args, a.Value)
		}
	}
	query += fmt.Sprintf(" ORDER BY value %s, session %[1]s LIMIT %d", direction, wanted)
	rows, err := s.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []record.Part
	for rows.Next() {
		p := record.Part{Part: s.date}
		var attacks any
		if err := rows.Scan((*uuid)(&p.ID), &p.Started, &p.Ended, &p.Requests, &p.Errors, &p.Bytes, &p.Matched, &attacks); err != nil {
			return nil, err
		}
		if s.sort == store.SortAttacks {
			p.Attacks = attacks.(int64)
		}
		found = append(found, p)
	}
	return found, rows.Err()
}

// value is what the list is ordered by, and the table that it needs for that.
func (s *search) value() (value, with string) {
	switch s.sort {
	case store.SortEnded:
		return "ended", ""
	case store.SortDuration:
		return "ended - started", ""
	case store.SortRequests:
		return "requests", ""
	case store.SortBytes:
		return "bytes", ""
	case store.SortAttacks:
		return "coalesce(attacked.n, 0)", ", attacked AS (SELECT session, count(DISTINCT (started, node, seq)) AS n FROM " + s.attacks() + " GROUP BY session)"
	}
	return "started", ""
}

// matching reads the first parts that start at a time or later and have requests
// that match.
func (s *search) matching(ctx context.Context, start record.Time, after *store.PartCursor, wanted int) ([]record.Part, error) {
	parts := "WITH m AS MATERIALIZED (SELECT session, count(*) AS matched FROM requests WHERE started >= ? AND " + s.where.where() +
		" GROUP BY session) SELECT p.*, m.matched FROM m JOIN " + s.partsOf("session IN (SELECT session FROM m)") + " AS p USING (session) WHERE p.started >= ?"
	args := append(append([]any{int64(start)}, s.where.args...), int64(start))
	return s.read(ctx, parts, args, after, wanted)
}

// any finds the first parts in any order.
func (s *search) any(ctx context.Context, after *store.PartCursor, wanted int) ([]record.Part, error) {
	likely, err := s.read(ctx, s.all(), nil, after, wanted*likelyParts)
	if err != nil {
		return nil, err
	}
	found, err := s.matchOf(ctx, likely)
	if err != nil || len(found) >= wanted || len(likely) < wanted*likelyParts {
		return found[:min(len(found), wanted)], err
	}
	return s.matching(ctx, s.date.Start(), after, wanted)
}

// likelyParts is how many times as many parts as wanted are tried before all are.
const likelyParts = 4

// matchOf returns those of parts that match, with their count.
func (s *search) matchOf(ctx context.Context, parts []record.Part) ([]record.Part, error) {
	where := &condition{}
	ids := make([]record.SessionID, len(parts))
	for i := range parts {
		ids[i] = parts[i].ID
	}
	where.and(inSessions(ids))
	where.and(s.where.where(), s.where.args...)
	matched, err := s.count(ctx, where)
	if err != nil {
		return nil, err
	}
	var found []record.Part
	for _, p := range parts {
		if p.Matched = matched[p.ID]; p.Matched > 0 {
			found = append(found, p)
		}
	}
	return found, nil
}

// count counts the requests that meet where, by session.
func (s *snapshot) count(ctx context.Context, where *condition) (map[record.SessionID]int64, error) {
	rows, err := s.QueryContext(ctx, "SELECT session, count(*) FROM requests WHERE "+where.where()+" GROUP BY session", where.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	matched := map[record.SessionID]int64{}
	for rows.Next() {
		var id record.SessionID
		var n int64
		if err := rows.Scan((*uuid)(&id), &n); err != nil {
			return nil, err
		}
		matched[id] = n
	}
	return matched, rows.Err()
}

// windows finds the parts that start last.
func (s *search) windows(ctx context.Context, after *store.PartCursor, wanted int) ([]record.Part, error) {
	end, err := s.end(ctx)
	if err != nil {
		return nil, err
	}
	from, width := end, firstWindow
	if after != nil && record.Time(after.Value) < end {
		// What is newer must be looked through again, so at least as much is new.
		from = record.Time(after.Value)
		width = max(width, end-from)
	}
	for ; ; width *= windowGrowth {
		start := from - width
		if start <= max(s.q.From, s.date.Start()) {
			start = s.date.Start() // parts may start before the range
		}
		found, err := s.matching(ctx, start, after, wanted)
		if err != nil || len(found) >= wanted {
			return found, err
		}
		if s.late() && (after == nil || start < record.Time(after.Value)) {
			s.stop(start)
			return found, nil
		}
		if start == s.date.Start() {
			return found, nil
		}
	}
}

// end is after the last request that may match.
func (s *search) end(ctx context.Context) (record.Time, error) {
	var last record.Time
	err := s.QueryRowContext(ctx, fmt.Sprintf("SELECT greatest((SELECT coalesce(max(ended), 0) FROM parts), "+
		"(SELECT coalesce(max(started), 0) FROM requests WHERE rowid >= %d))", s.covered)).Scan(&last)
	if s.q.To != 0 {
		return min(last+1, s.q.To), err
	}
	return last + 1, err
}

// stop cuts the search short where all parts that start at a time or later were found.
func (s *search) stop(at record.Time) {
	s.stopped = true
	s.reached = store.PartCursor{Sort: s.sort, Value: int64(at), Day: s.date}
}

// maxSessionsInText is how many sessions are named to a query that could also look
// at all of them.
const maxSessionsInText = 1000

// inSessions is the condition that a row is of one of some sessions. Ids are hex
// digits: they are written into the query, where they spare blocks of rows.
func inSessions(ids []record.SessionID) string {
	if len(ids) == 0 {
		return "false"
	}
	var b strings.Builder
	b.WriteString("session IN (")
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("'" + id.String() + "'::UUID")
	}
	return b.String() + ")"
}
