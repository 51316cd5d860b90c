package duckdb

import (
	"context"
	"database/sql"
	"strings"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// condition is a filter as SQL over the columns of requests. Values are bound,
// codes of dictionaries are numbers in the text; nothing else is.
type condition struct {
	clauses []string
	args    []any
	nothing bool // no request of the day can match
}

func (c *condition) and(clause string, args ...any) {
	c.clauses = append(c.clauses, clause)
	c.args = append(c.args, args...)
}

// add adds what an expression asks; what all requests meet asks nothing.
func (c *condition) add(e expression) {
	switch e.truth {
	case always:
	case never:
		c.nothing = true
		c.and("false")
	default:
		c.and(e.sql, e.args...)
	}
}

// where returns the condition as one expression.
func (c *condition) where() string {
	if len(c.clauses) == 0 {
		return "true"
	}
	return "(" + strings.Join(c.clauses, ") AND (") + ")"
}

// everything reports that every request of the day matches.
func (c *condition) everything() bool { return len(c.clauses) == 0 && !c.nothing }

// compile turns f, but for Has, into a condition on one day. store.Filter.Match
// defines what it means.
func compile(ctx context.Context, tx *sql.Tx, date record.Day, f *store.Filter) (*condition, error) {
	c := inRange(date, f)
	if f.Session != nil {
		c.and("session = CAST(? AS UUID)", f.Session.String())
	}
	if f.Request != nil {
		c.and("started = ? AND node = ? AND seq = ?", int64(f.Request.At), f.Request.Node, f.Request.Seq)
	}
	for i := range f.Where {
		e, err := compileCondition(ctx, tx, &f.Where[i])
		if err != nil {
			return nil, err
		}
		c.add(e)
	}
	return c, nil
}

// inRange is the condition that a request of a day lies in the time range of f.
func inRange(date record.Day, f *store.Filter) *condition {
	c := &condition{}
	if f.From > date.Start() {
		c.and("started >= ?", int64(f.From))
	}
	if f.To != 0 && f.To < (date+1).Start() {
		c.and("started < ?", int64(f.To))
	}
	return c
}

// concerns reports whether a day can hold requests that pass f.
func concerns(f *store.Filter, date record.Day) bool {
	return (f.From == 0 || f.From < (date+1).Start()) &&
		(f.To == 0 || f.To > date.Start()) &&
		(f.Request == nil || f.Request.At.Day() == date)
}

// truth is what is known of an expression before it is asked of rows.
type truth int

const (
	sometimes truth = iota
	always
	never
)

// expression is a condition on one request as SQL that is true or false, never
// NULL.
type expression struct {
	truth truth
	sql   string // when truth is sometimes
	args  []any
}

func (e expression) not() expression {
	switch e.truth {
	case always:
		e.truth = never
	case never:
		e.truth = always
	default:
		e.sql = "NOT (" + e.sql + ")"
	}
	return e
}

// anyOf is true where one of some expressions is.
func anyOf(alternatives ...expression) expression {
	var sql []string
	var args []any
	for _, e := range alternatives {
		switch e.truth {
		case always:
			return e
		case sometimes:
			sql, args = append(sql, e.sql), append(args, e.args...)
		}
	}
	if len(sql) == 0 {
		return expression{truth: never}
	}
	return expression{sql: "(" + strings.Join(sql, ") OR (") + ")", args: args}
}
