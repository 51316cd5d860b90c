package main

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sojourn/internal/client"
	"sojourn/internal/record"
	"sojourn/internal/store"
)

// queryCmd counts requests by groups.
type queryCmd struct {
	serverFlags
	filterFlags
	outputFlags
	By       []string      `help:"What requests are grouped by: a field, context.NAME, or time." placeholder:"FIELD"`
	Measure  []string      `help:"What is computed for each group: ${measures}." enum:"${measures}" default:"requests" placeholder:"MEASURE"`
	Step     time.Duration `help:"Width of a group by time. Default: ${default}." default:"1h" placeholder:"DURATION"`
	Contains string        `help:"Only groups whose first value contains it, whatever the case." placeholder:"TEXT"`
	Order    string        `help:"The measure that rows are ordered by, the most first." placeholder:"MEASURE"`
	Limit    int           `help:"How many rows at the most, up to 10000. Default: ${default}." default:"50" placeholder:"N"`
}

// Help is shown by --help after the description.
func (queryCmd) Help() string {
	return `Examples:
  sojourn query --by endpoint --measure requests,p95,error_share --order p95
  sojourn query --by time --step 10m --measure requests,sessions --from -24h
  sojourn query --by user --by ip --status 401`
}

// Run prints the table.
func (c *queryCmd) Run(a *app) error {
	q := queryOf(c.filterFlags.values())
	q.By, q.Measures, q.Contains, q.Order, q.Limit = c.By, c.Measure, c.Contains, c.Order, c.Limit
	if slices.Contains(c.By, store.ByTime) {
		if c.Step < time.Second || c.Step%time.Second != 0 {
			return usageError{fmt.Errorf("--step %s: give whole seconds, such as 60s", c.Step)}
		}
		q.Step = int64(c.Step / time.Second)
	}
	return c.with(a, func(server *client.Client) error {
		if c.JSON {
			text, err := server.Post(a.ctx, "query", q)
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(text)
			return err
		}
		t, err := server.Query(a.ctx, q)
		if err != nil {
			return err
		}
		return printTable(a, newScreen(a.stdout), t)
	})
}

// queryOf makes a query's filters of those of a query string.
func queryOf(filters url.Values) record.Query {
	q := record.Query{From: filters.Get("from"), To: filters.Get("to"), Session: filters.Get("session"), Request: filters.Get("request")}
	for _, name := range slices.Sorted(maps.Keys(filters)) {
		if name == "from" || name == "to" || name == "session" || name == "request" {
			continue
		}
		fieldName, not, has := unprefixed(name)
		for _, c := range conditionsOf(fieldName, not, filters[name]) {
			if has {
				q.Has = append(q.Has, c)
			} else {
				q.Where = append(q.Where, c)
			}
		}
	}
	return q
}

// unprefixed tells the field of a filter, and what its prefix asks.
func unprefixed(name string) (field string, not, has bool) {
	for _, p := range slices.Backward(flagPrefixes) { // the longest comes last
		if rest, ok := strings.CutPrefix(name, p.param); ok && p.param != "" {
			return rest, strings.Contains(p.param, "not."), strings.Contains(p.param, "has.")
		}
	}
	return name, false, false
}

// conditionsOf makes one condition of a field's values, or one for each context
// parameter that they name.
func conditionsOf(name string, not bool, values []string) []record.Condition {
	if name != "context" {
		return []record.Condition{{Field: name, Not: not, Values: values}}
	}
	var out []record.Condition
	for _, v := range values {
		parameter, value, ok := strings.Cut(v, "=")
		if !ok { // the API says what is wrong with it
			out = append(out, record.Condition{Field: name, Not: not, Values: []string{v}})
			continue
		}
		parameter = "context." + parameter
		if i := slices.IndexFunc(out, func(c record.Condition) bool { return c.Field == parameter }); i >= 0 {
			out[i].Values = append(out[i].Values, value)
		} else {
			out = append(out, record.Condition{Field: parameter, Not: not, Values: []string{value}})
		}
	}
	return out
}

func printTable(a *app, s *screen, t record.Table) error {
	if len(t.Rows) == 0 {
		_, err := fmt.Fprintln(a.stderr, "nothing matches")
		return err
	}
	drawn := table{screen: s}
	for _, name := range t.By {
		drawn.columns = append(drawn.columns, column{title: strings.ToUpper(name), least: 12})
	}
	for _, name := range t.Measures {
		drawn.columns = append(drawn.columns, column{title: strings.ToUpper(name), right: true})
	}
	var rows [][]cell
	for _, g := range t.Rows {
		var row []cell
		for _, text := range g.By {
			row = append(row, cell{text: none(text)})
		}
		for i, v := range g.Values {
			row = append(row, cell{text: amount(v, t.Measures[i])})
		}
		rows = append(rows, row)
	}
	if err := drawn.draw(rows); err != nil {
		return err
	}
	if more := t.Groups - int64(len(t.Rows)); more > 0 {
		fmt.Fprintf(a.stderr, "and %d more; --limit shows them\n", more)
	}
	if t.Approximate {
		fmt.Fprintln(a.stderr, "distinct counts are estimates, about 1 % off")
	}
	return nil
}

// amount prints a measure in its unit.
func amount(v record.Amount, name string) string {
	n := float64(v)
	if math.IsNaN(n) {
		return unmeasured
	}
	unit := store.UnitNone
	for _, m := range store.Measures {
		if m.Name == name {
			unit = m.Unit
		}
	}
	switch {
	case unit == store.UnitMicroseconds:
		return strconv.FormatFloat(n/1000, 'f', 1, 64) + " ms"
	case unit == store.UnitBytes:
		return size(int64(min(n, math.MaxInt64/2)))
	case n != math.Trunc(n) || strings.HasSuffix(name, "_share"):
		return strconv.FormatFloat(100*n, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(n, 'f', 0, 64)
}

// measureNames are the values of --measure.
func measureNames() string {
	var names []string
	for _, m := range store.Measures {
		names = append(names, m.Name)
	}
	return strings.Join(names, ", ")
}
