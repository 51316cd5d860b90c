package duckdb

import (
	"context"
	"fmt"

	"sojourn/internal/record"
)

// The table attacks holds the attacks that were found in requests of the day: the
// request and its session, and the type, each once. Findings come before, with or
// long after their request, or without one; attacks counts those that met. Like
// parts it lags behind, and what it lacks is joined when asked.

const attacksSchema = "CREATE TABLE attacks (session UUID, started BIGINT, node UINTEGER, seq UINTEGER, type VARCHAR);\n"

// freshAttacksSQL finds the attacks that the table attacks does not hold: of
// requests from a row id on, and of findings from a row id on.
func freshAttacksSQL(requests, findings string, covered, judged int64) string {
	const join = "SELECT DISTINCT r.session, r.started, r.node, r.seq, f.type FROM %s AS r JOIN %s AS f " +
		"ON f.started = r.started AND f.node = r.node AND f.seq = r.seq WHERE f.attack AND "
	return fmt.Sprintf("("+join+"r.rowid >= %d UNION "+join+"f.rowid >= %d) EXCEPT SELECT session, started, node, seq, type FROM attacks",
		requests, findings, covered, requests, findings, judged)
}

// attacks is all attacks of the day.
func (s *snapshot) attacks() string {
	if s.sealed {
		return "attacks"
	}
	return "(SELECT session, started, node, seq, type FROM attacks UNION ALL (" + freshAttacksSQL("requests", "findings", s.covered, s.judged) + "))"
}

// readAttacks adds the attacks of sessions to their tallies, of those requests that
// meet where.
func (s *snapshot) readAttacks(ctx context.Context, where *condition, into map[record.SessionID]*tally) error {
	var some bool
	if err := s.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM findings WHERE attack)").Scan(&some); err != nil || !some {
		return err
	}
	rows, err := s.QueryContext(ctx, "WITH found AS (SELECT DISTINCT session, started, node, seq, type FROM "+s.attacks()+" SEMI JOIN "+
		"(SELECT session, started, node, seq FROM requests WHERE "+where.where()+") USING (session, started, node, seq)) "+
		"SELECT session, type, count(*) FROM found GROUP BY ALL UNION ALL "+
		"SELECT session, NULL, count(DISTINCT (started, node, seq)) FROM found GROUP BY session", where.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id record.SessionID
		var kind *string
		var n int64
		if err := rows.Scan((*uuid)(&id), &kind, &n); err != nil {
			return err
		}
		t := into[id]
		switch {
		case t == nil:
		case kind == nil:
			t.attacked += n
		default:
			t.count("attack", *kind, n)
		}
	}
	return rows.Err()
}
