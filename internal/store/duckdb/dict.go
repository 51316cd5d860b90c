package duckdb

import (
	"context"
	"fmt"
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// dictionary names a table dict_* of a day file: each row is a code and the text
// that stands behind it. Requests hold the code. A column whose few values repeat
// costs next to nothing that way, and a filter looks at the values once a day
// instead of once a row. What varies together shares a dictionary: a column less
// for each row.
type dictionary struct {
	table  string
	column int      // of requests, that holds its codes
	texts  []string // columns beside code
}

// entry is the text behind a code, as many of the fields as the dictionary has.
type entry [7]string

// The dictionaries by number, as requests use them.
const (
	dictApplication = iota
	dictHost
	dictEndpoint
	dictAgent
	dictGrouping
	dictFlags
	dictPlace
	dictPerson
	dictMessage
	dictContext
)

var dictionaries = [...]dictionary{
	dictApplication: {"dict_application", colApplication, []string{"application"}},
	dictHost:        {"dict_host", colHost, []string{"host"}},
	dictEndpoint:    {"dict_endpoint", colEndpoint, []string{"method", "endpoint"}},
	dictAgent:       {"dict_user_agent", colAgent, []string{"user_agent", "ja4"}},
	dictGrouping:    {"dict_grouping", colGrouping, []string{"key", "point", "rung", "strength"}},
	dictFlags:       {"dict_flags", colFlags, []string{"flags"}}, // joined by flagSeparator
	dictPlace:       {"dict_place", colPlace, []string{"country", "network", "anonymity"}},
	dictPerson:      {"dict_person", colPerson, []string{"user_name", "role"}},
	dictMessage:     {"dict_message", colMessage, []string{"graphql_operation", "mcp_server", "mcp_method", "mcp_name", "mcp_client", "mcp_generation", "mcp_more"}}, // see moreText
	dictContext:     {"dict_context", colContext, []string{"context"}},                                                                                               // see contextText
}

const flagSeparator = ","

// codeColumn is the column of requests that holds the codes.
func (d dictionary) codeColumn() string { return requestColumns[d.column].name }

func (d dictionary) columns() []column {
	columns := []column{{"code", mapping.TypeUInteger}}
	for _, name := range d.texts {
		columns = append(columns, column{name, mapping.TypeVarchar})
	}
	return columns
}

// maxDictEntries and maxDictBytes bound what a day's writer remembers of one
// dictionary. Beyond, a text that is not remembered gets a new code each time it
// comes: the file grows, memory does not. Readers therefore compare texts, never
// codes: a text may have several.
const (
	maxDictEntries = 1 << 17
	maxDictBytes   = 16 << 20
)

// codes is the writer's side of a dictionary.
type codes struct {
	dictionary
	limits limits
	known  map[entry]uint32
	bytes  int
	next   uint32
	fresh  []entry // codes next-len(fresh) to next-1, not yet in the file

	last     entry // the most recent lookup: neighbours are often alike
	lastCode uint32
	lastSet  bool
}

// loadCodes reads what the file has, oldest first, up to the limits.
func loadCodes(ctx context.Context, q querier, d dictionary, l limits) (*codes, error) {
	c := &codes{dictionary: d, limits: l, known: map[entry]uint32{}}
	if err := q.QueryRowContext(ctx, "SELECT coalesce(max(code)::BIGINT + 1, 0) FROM "+d.table).Scan(&c.next); err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, fmt.Sprintf("SELECT code, %s FROM %s WHERE code < ? ORDER BY code",
		strings.Join(d.texts, ", "), d.table), int64(l.dictEntries))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() && c.bytes < l.dictBytes {
		var e entry
		var code uint32
		if err := rows.Scan(e.into(&code, len(d.texts))...); err != nil {
			return nil, err
		}
		c.remember(e, code)
	}
	return c, rows.Err()
}

// code returns the code of e, a new one if need be.
func (c *codes) code(e entry) uint32 {
	if c.lastSet && e == c.last {
		return c.lastCode
	}
	code, ok := c.known[e]
	if !ok {
		code = c.next
		c.next++
		c.fresh = append(c.fresh, e)
		c.remember(e, code)
	}
	c.last, c.lastCode, c.lastSet = e, code, true
	return code
}

func (c *codes) remember(e entry, code uint32) {
	if _, ok := c.known[e]; ok || len(c.known) >= c.limits.dictEntries || c.bytes >= c.limits.dictBytes {
		return
	}
	c.known[e] = code
	for _, s := range e {
		c.bytes += len(s)
	}
}

// save appends the fresh entries to the file.
func (c *codes) save(conn mapping.Connection) error {
	if len(c.fresh) == 0 {
		return nil
	}
	t, err := openTable(conn, c.table, c.columns())
	if err != nil {
		return err
	}
	defer t.close()
	for i, e := range c.fresh {
		row, err := t.row()
		if err != nil {
			return err
		}
		values[uint32](t, 0)[row] = c.next - uint32(len(c.fresh)-i)
		for col := range c.texts {
			t.text(1+col, row, e[col])
		}
	}
	c.fresh = nil
	return t.flush()
}

// into returns where to scan code and the first n texts of an entry.
func (e *entry) into(code any, n int) []any {
	to := []any{code}
	for i := range n {
		to = append(to, &e[i])
	}
	return to
}
