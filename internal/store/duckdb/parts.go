package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"sojourn/internal/record"
)

// The table parts sums up sessions: for the requests below covered, one or more
// rows a session, exactly one in a sealed file. A row holds totals and, for each
// kind of count, the codes that occur and as many numbers of requests. Lists of
// sessions, most of them and in any order, are answered from it; what is not
// covered yet is summed up from the requests when asked.

// countKind is a kind of count of a session.
type countKind int64

const (
	countApplication countKind = iota
	countHost
	countEndpoint
	countAgent
	countGrouping
	countFlags
	countPerson
	countMessage
	countStatus
	countOrigin // places by address
)

// countColumns are the columns of requests that are counted.
var countColumns = [...]int{
	countApplication: colApplication, countHost: colHost, countEndpoint: colEndpoint, countAgent: colAgent, countGrouping: colGrouping,
	countFlags: colFlags, countPerson: colPerson, countMessage: colMessage, countStatus: colStatus, countOrigin: colPlace,
}

func (k countKind) column() string { return requestColumns[countColumns[k]].name }

// dictionary returns the dictionary of the counted codes; false for the status.
func (k countKind) dictionary() (dict int, ok bool) {
	for dict, d := range dictionaries {
		if d.column == countColumns[k] {
			return dict, true
		}
	}
	return 0, false
}

// keys are the columns that a count of this kind is for.
func (k countKind) keys() string {
	if k == countOrigin {
		return k.column() + ", ip"
	}
	return k.column()
}

// partsSchema is the definition of parts. The addresses of the origins are a list
// of their own beside that of the places.
func partsSchema() string {
	var b strings.Builder
	b.WriteString("CREATE TABLE parts (session UUID, started BIGINT, ended BIGINT, requests BIGINT, errors BIGINT, bytes BIGINT")
	for k := range countKind(len(countColumns)) {
		kind := sqlTypes[requestColumns[countColumns[k]].kind]
		fmt.Fprintf(&b, ", %s %s[], %[1]s_n UINTEGER[]", k.column(), kind)
	}
	b.WriteString(", ip UUID[]);\n")
	return b.String()
}

// columns of parts that can be compared with those that a file has.
func partsColumns() []column {
	columns := []column{{name: "session"}, {name: "started"}, {name: "ended"}, {name: "requests"}, {name: "errors"}, {name: "bytes"}}
	for k := range countKind(len(countColumns)) {
		columns = append(columns, column{name: k.column(), kind: mapping.TypeList}, column{name: k.column() + "_n", kind: mapping.TypeList})
	}
	return append(columns, column{name: "ip", kind: mapping.TypeList})
}

// totalsSQL sums up a table of requests by session.
func totalsSQL(requests string) string {
	return "SELECT session, min(started) AS started, max(started) AS ended, count(*) AS requests, " +
		"count(*) FILTER (status BETWEEN 400 AND 599) AS errors, " +
		"least(coalesce(sum(request_bytes), 0) + coalesce(sum(response_bytes), 0), 9223372036854775807)::BIGINT AS bytes " +
		"FROM " + requests + " GROUP BY session"
}

// countsSQL counts a table of requests by session, kind and value in one pass:
// grouping() is a bit for each column, set where the row is not grouped by it.
func countsSQL(requests string) string {
	var columns, sets, kinds []string
	for k := range countKind(len(countColumns)) {
		columns = append(columns, k.column())
		sets = append(sets, "(session, "+k.keys()+")")
		kinds = append(kinds, fmt.Sprintf("WHEN %d THEN %d", 1<<len(countColumns)-1-1<<(len(countColumns)-1-int(k)), k))
	}
	names := strings.Join(columns, ", ")
	return "SELECT session, CASE grouping(" + names + ") " + strings.Join(kinds, " ") + " END AS kind, " +
		"coalesce(" + strings.Join(columns, "::BIGINT, ") + "::BIGINT) AS code, ip, count(*) AS n " +
		"FROM " + requests + " GROUP BY GROUPING SETS (" + strings.Join(sets, ", ") + ")"
}

// partsSQL sums up a table of requests as rows of parts. Lists are filled row by
// row alike, so that values and their counts stand at the same place.
func partsSQL(requests string) string {
	var lists []string
	for k := range countKind(len(countColumns)) {
		kind := sqlTypes[requestColumns[countColumns[k]].kind]
		lists = append(lists, fmt.Sprintf("list(code::%s) FILTER (kind = %d) AS %s, list(n::UINTEGER) FILTER (kind = %[2]d) AS %[3]s_n", kind, k, k.column()))
	}
	lists = append(lists, fmt.Sprintf("list(ip) FILTER (kind = %d) AS ip", countOrigin))
	return "SELECT totals.*, lists.* EXCLUDE (session) FROM (" + totalsSQL(requests) + ") AS totals JOIN (" +
		"SELECT session, " + strings.Join(lists, ", ") + " FROM (" + countsSQL(requests) + ") GROUP BY session) AS lists USING (session) ORDER BY started"
}

// listedSQL reads the counts that rows of parts hold.
func listedSQL(parts string) string {
	var all []string
	for k := range countKind(len(countColumns)) {
		ip := "NULL::UUID"
		if k == countOrigin {
			ip = "unnest(ip)"
		}
		all = append(all, fmt.Sprintf("SELECT session, %d AS kind, unnest(%s)::BIGINT AS code, %s AS ip, unnest(%[2]s_n)::BIGINT AS n FROM %[4]s", k, k.column(), ip, parts))
	}
	return strings.Join(all, " UNION ALL ")
}

// snapshot is one state of a day, as a transaction sees it.
type snapshot struct {
	*sql.Tx
	date    record.Day
	sealed  bool
	covered int64 // parts sums up the requests below this row id
	judged  int64 // attacks holds the findings below this row id
}

func snapshotOf(ctx context.Context, tx *sql.Tx, date record.Day) (*snapshot, error) {
	s := &snapshot{Tx: tx, date: date}
	return s, tx.QueryRowContext(ctx, "SELECT sealed, covered, judged FROM meta").Scan(&s.sealed, &s.covered, &s.judged)
}

// fresh are the requests that parts does not sum up.
func (s *snapshot) fresh(where string) string {
	return fmt.Sprintf("(SELECT * FROM requests WHERE rowid >= %d AND %s)", s.covered, where)
}

// parts is the totals of all sessions of the day, one row each.
func (s *snapshot) parts() string { return s.partsOf("true") }

// partsOf is the totals of the sessions that meet a condition on their id.
func (s *snapshot) partsOf(where string) string {
	if s.sealed {
		return "(SELECT session, started, ended, requests, errors, bytes FROM parts WHERE " + where + ")"
	}
	return "(SELECT session, min(started) AS started, max(ended) AS ended, sum(requests)::BIGINT AS requests, sum(errors)::BIGINT AS errors, " +
		"least(sum(bytes), 9223372036854775807)::BIGINT AS bytes FROM (" +
		"SELECT session, started, ended, requests, errors, bytes FROM parts WHERE " + where +
		" UNION ALL " + totalsSQL(s.fresh(where)) + ") GROUP BY session)"
}

// extendParts sums up the requests and judges the findings that are not yet, some
// of them at a time, which bounds the memory it takes, and a few times, so that the
// log can be moved in between.
func extendParts(ctx context.Context, c *sql.Conn) error {
	const extend = `
BEGIN;
INSERT INTO attacks %s;
INSERT INTO parts %s;
UPDATE meta SET covered = %d, judged = (SELECT coalesce(max(rowid) + 1, 0) FROM findings);
COMMIT`
	for range 4 {
		var covered, judged, rows int64
		err := c.QueryRowContext(ctx, "SELECT covered, judged, (SELECT coalesce(max(rowid) + 1, 0) FROM requests) FROM meta").Scan(&covered, &judged, &rows)
		if err != nil || covered >= rows {
			return err
		}
		to := min(covered+unsummedRows, rows)
		fresh := fmt.Sprintf("(SELECT * FROM requests WHERE rowid >= %d AND rowid < %d)", covered, to)
		if err := execute(ctx, c, fmt.Sprintf(extend, freshAttacksSQL("requests", "findings", covered, judged), partsSQL(fresh), to)); err != nil {
			return err
		}
	}
	return nil
}

// execute runs statements that begin and end a transaction.
func execute(ctx context.Context, c *sql.Conn, statements string) error {
	if _, err := c.ExecContext(ctx, statements); err != nil {
		if _, rollback := c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); rollback != nil && !strings.Contains(rollback.Error(), "no transaction is active") {
			return fmt.Errorf("%w; and rolling back: %w", err, rollback)
		}
		return err
	}
	return nil
}

// readListed adds the counts of sessions to their tallies: those that parts holds,
// and of what it does not cover the requests that meet where.
func (s *snapshot) readListed(ctx context.Context, ids []record.SessionID, where *condition, into map[record.SessionID]*tally) error {
	rows, err := s.rowsOf(ctx, ids)
	if err != nil {
		return err
	}
	with, args := "WITH listed AS MATERIALIZED (SELECT * FROM parts WHERE "+rows+")", []any(nil)
	query := listedSQL("listed")
	if !s.sealed {
		with += ", fresh AS MATERIALIZED " + s.fresh(where.where())
		query += " UNION ALL " + countsSQL("fresh")
		args = where.args
	}
	counts, err := readCounts(ctx, s.Tx, with+" "+query, args...)
	if err != nil {
		return err
	}
	return addCounts(ctx, s.Tx, counts, into)
}

// rowsOf is the condition that a row of parts is of one of some sessions. Rows that
// are named by their row ids are read alone; with any other condition DuckDB reads
// the lists of all.
func (s *snapshot) rowsOf(ctx context.Context, ids []record.SessionID) (string, error) {
	rows, err := s.QueryContext(ctx, "SELECT rowid FROM parts WHERE "+inSessions(ids))
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var row int64
		if err := rows.Scan(&row); err != nil {
			return "", err
		}
		found = append(found, strconv.FormatInt(row, 10))
	}
	switch {
	case len(found) == 0:
		return "false", rows.Err()
	case len(found) > maxRowsInText:
		return inSessions(ids), rows.Err()
	}
	return "rowid IN (" + strings.Join(found, ",") + ")", rows.Err()
}

// maxRowsInText is how many rows of parts are named to a query.
const maxRowsInText = 5000
