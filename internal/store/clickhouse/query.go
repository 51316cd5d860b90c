package clickhouse

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// bucket is store.DurationBucket. The floor of the logarithm, which is rounded, is
// one too great at the most.
const bucket = `if(duration < 128, duration,
	64 * (toInt64(floor(log2(duration))) - (bitShiftLeft(toUInt64(1), toUInt8(floor(log2(duration)))) > toUInt64(duration)) - 6)
	+ bitShiftRight(duration, toInt64(floor(log2(duration))) - (bitShiftLeft(toUInt64(1), toUInt8(floor(log2(duration)))) > toUInt64(duration)) - 6))`

// Query implements store.Store. Distinct values are counted exactly, whatever
// their number: the server's max_memory_usage bounds it.
func (s *Store) Query(ctx context.Context, q store.Query) (record.Table, error) {
	if err := s.enter(ctx); err != nil {
		return record.Table{}, err
	}
	defer s.leave()
	if err := q.Check(); err != nil {
		return record.Table{}, err
	}
	table := record.Table{By: append([]string{}, q.By...), Measures: append([]string{}, q.Measures...), Rows: []record.Group{}}
	by := make([]string, len(q.By))
	amounts := make([]float64, len(q.Measures))
	var start int64
	err := s.query(ctx, s.counting(&q), func(r driver.Rows) error {
		var targets []any
		for i, name := range q.By {
			if name == store.ByTime {
				targets = append(targets, &start)
			} else {
				targets = append(targets, &by[i])
			}
		}
		for i := range amounts {
			targets = append(targets, &amounts[i])
		}
		if err := r.Scan(append(targets, &table.Groups)...); err != nil {
			return err
		}
		row := record.Group{By: []string{}}
		for i, name := range q.By {
			switch name {
			case store.ByTime:
				row.By = append(row.By, record.Time(start).String())
			case "ip":
				row.By = append(row.By, canonical(by[i]))
			default:
				row.By = append(row.By, by[i])
			}
		}
		for i, m := range q.Measures {
			row.Values = append(row.Values, record.Amount(amount(m, amounts[i])))
		}
		table.Rows = append(table.Rows, row)
		return nil
	})
	if isCode(err, codeTooManyRows) || err == nil && table.Groups > store.MaxQueryGroups {
		return record.Table{}, store.ErrTooMany
	}
	return table, err
}

// amount turns the bucket of a percentile into a duration.
func amount(measure string, v float64) float64 {
	if (measure == "p50" || measure == "p95" || measure == "p99") && !math.IsNaN(v) {
		return store.BucketMiddle(int64(v))
	}
	return v
}

// counting is the statement of a query: the values of the groups, the measures,
// and how many groups there are.
func (s *Store) counting(q *store.Query) string {
	c := compiler{s, &q.Filter}
	var groups, inner, order []string
	join := ""
	for i, name := range q.By {
		group := fmt.Sprintf("g%d", i)
		groups = append(groups, group)
		if name == store.ByTime {
			inner = append(inner, fmt.Sprintf("started - positiveModulo(started, %d) AS %s", q.Step.Microseconds(), group))
			continue
		}
		f, parameter, _ := store.FieldOf(name)
		expression, many := values(f, parameter)
		if name == "ip" {
			expression = ipText
		}
		if many {
			expression = "arrayJoin(" + expression + ")"
		}
		if name == "attack" {
			join = c.attackTypes()
		}
		inner = append(inner, expression+" AS "+group)
	}
	outer := append([]string{}, groups...)
	for i, m := range q.Measures {
		outer = append(outer, fmt.Sprintf("toFloat64(%s) AS m%d", measures[m], i))
		if m == q.Order && !q.ByStart() {
			order = []string{fmt.Sprintf("m%d DESC NULLS LAST", i)}
		}
	}
	for i, name := range q.By {
		if q.ByStart() && name == store.ByTime {
			order = []string{groups[i]}
		}
	}
	if len(order) == 0 {
		order = []string{"m0 DESC NULLS LAST"}
	}
	having, grouping := "1", ""
	if q.Contains != "" {
		first := groups[0]
		if q.By[0] == store.ByTime {
			first = "formatDateTime(fromUnixTimestamp64Micro(g0, 'UTC'), '%Y-%m-%dT%H:%i:%S.%fZ')"
		}
		having = fmt.Sprintf("position(lowerUTF8(%s), %s) > 0", first, text(strings.ToLower(q.Contains)))
	}
	if len(groups) > 0 {
		grouping = "GROUP BY " + strings.Join(groups, ", ")
	}
	// One thread less that counts on its own is one that stops later than it should:
	// the limit holds for each.
	return fmt.Sprintf(`
SELECT *, toInt64(count() OVER ()) FROM (
	SELECT %s FROM (
		SELECT session, user, ip, ip_known, flags, status, duration, request_bytes, response_bytes, %s AS attacked %s
		FROM %s AS requests %s WHERE %s
	) %s HAVING %s
)
ORDER BY %s LIMIT %d
SETTINGS max_rows_to_group_by = %d, group_by_overflow_mode = 'throw'`,
		strings.Join(outer, ", "), c.attacked(), strings.Join(append([]string{""}, inner...), ", "), s.table("requests"), join, c.requests(),
		grouping, having, strings.Join(append(order, groups...), ", "), q.GroupLimit(), store.MaxQueryGroups)
}

// measures are what store.Measures means, over the rows of a group. A percentile is
// given as its bucket: the smallest that has so many durations in it or below it.
var measures = map[string]string{
	"requests":    "count()",
	"sessions":    "uniqExact(session)",
	"users":       "uniqExactIf(user, user != '')",
	"ips":         "uniqExactIf(ip, ip_known)",
	"attacks":     "countIf(attacked)",
	"blocked":     "countIf(" + isBlocked + ")",
	"errors":      "countIf" + isError,
	"error_share": "if(count() = 0, nan, countIf" + isError + " / count())",
	"p50":         percentile("0.5"),
	"p95":         percentile("0.95"),
	"p99":         percentile("0.99"),
	"bytes":       "sum(toFloat64(greatest(request_bytes, 0)) + toFloat64(greatest(response_bytes, 0)))",
}

func percentile(level string) string {
	return fmt.Sprintf("if(countIf(duration >= 0) = 0, nan, toFloat64(quantileExactWeightedIf(%s)(%s, 1, duration >= 0)))", level, bucket)
}

// ipText is the address as text, which sorts as text.
const ipText = `if(ip_known, replaceRegexpOne(toString(ip), '^::ffff:([0-9]+[.])', '\\1'), '')`

// canonical prints an address as Go does.
func canonical(s string) string {
	a := parseIPText(s)
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
