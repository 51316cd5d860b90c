package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Sessions implements store.Store. Lists by a time ask day after day, others all
// days at once.
func (s *Store) Sessions(ctx context.Context, q store.SessionQuery) (store.SessionPage, error) {
	if err := s.enter(ctx); err != nil {
		return store.SessionPage{}, err
	}
	defer s.leave()
	if q.Sort == "" {
		q.Sort = store.SortStarted
	}
	var after *store.PartCursor
	if q.Cursor != "" {
		c, err := store.ParsePartCursor(q.Cursor, q.Sort, q.Up)
		if err != nil {
			return store.SessionPage{}, err
		}
		after = &c
	}
	days, err := s.newest(ctx, &q.Filter)
	if err != nil {
		return store.SessionPage{}, err
	}
	begun, limit := time.Now(), store.PageLimit(q.Limit)
	steps := s.steps(days, q.Up, (q.Sort == store.SortStarted || q.Sort == store.SortEnded) && len(q.Has) == 0)
	var places []store.PartCursor
	var page store.SessionPage
	for i, step := range steps {
		if after != nil && len(step) == 1 && passed(after, step[0]) {
			continue
		}
		found, err := s.places(ctx, &q, step, after, limit+1-len(places))
		if err != nil {
			return store.SessionPage{}, err
		}
		places = append(places, found...)
		if len(places) > limit {
			break
		}
		if q.Sort == store.SortStarted && !q.Up && q.Within > 0 && time.Since(begun) >= q.Within && i < len(steps)-1 {
			page.Next, page.Searched = endOf(step[0]).String(), step[0].Start()
			break
		}
	}
	if len(places) > limit || len(places) == limit && page.Next != "" { // full, not cut short
		places, page.Searched = places[:limit], 0
		page.Next = places[limit-1].String()
	}
	page.Parts, err = s.parts(ctx, &q.Filter, places)
	return page, err
}

// steps are the days that are asked at once, in the order of the list.
func (s *Store) steps(days []record.Day, up, single bool) [][]record.Day {
	if !single {
		if len(days) == 0 {
			return nil
		}
		return [][]record.Day{days}
	}
	steps := make([][]record.Day, len(days))
	for i, d := range days {
		if up {
			i = len(days) - 1 - i
		}
		steps[i] = []record.Day{d}
	}
	return steps
}

// passed reports whether all parts of a day come before c in a list by a time,
// which lies in the part's day.
func passed(c *store.PartCursor, d record.Day) bool {
	at := record.Time(c.Value).Day()
	return c.Up && d < at || !c.Up && d > at
}

// endOf is the place after every part of a day and before those of the day before
// it, in a list by start.
func endOf(d record.Day) store.PartCursor {
	return store.PartCursor{Sort: store.SortStarted, Value: int64(d.Start()) - 1, Day: d}
}

// order is what the list is ordered by, over the requests of a part.
func (c compiler) order(sort store.Sort) string {
	switch sort {
	case store.SortEnded:
		return "max(started)"
	case store.SortDuration:
		return "max(started) - min(started)"
	case store.SortRequests:
		return "toInt64(count())"
	case store.SortAttacks:
		return "toInt64(countIf(" + c.onDays().attacked() + "))"
	case store.SortBytes:
		return sumBytes
	}
	return "min(started)"
}

// sumBytes adds the known sizes, to the greatest Int64 at the most.
const sumBytes = "toInt64(least(sum(toInt128(greatest(request_bytes, 0)) + toInt128(greatest(response_bytes, 0))), toInt128(9223372036854775807)))"

// onDays is a compiler for whole days: the requests of a part outside the time
// range count for it too.
func (c compiler) onDays() compiler {
	return compiler{c.s, &store.Filter{Session: c.f.Session}}
}

// places finds the first parts of some days that pass the filter, after a place.
func (s *Store) places(ctx context.Context, q *store.SessionQuery, days []record.Day, after *store.PartCursor, limit int) ([]store.PartCursor, error) {
	c := compiler{s, &q.Filter}
	where := append([]string{isRequest, onDays(days)}, c.has()...)
	if q.Filter.Session != nil {
		where = append(where, "session = "+sessionID(*q.Filter.Session))
	}
	having := []string{"1"}
	if passes := c.passes(); len(passes) > 0 {
		having = append(having, "countIf("+allOf(passes...)+") > 0")
	}
	direction, beyond := "DESC", "<"
	if q.Up {
		direction, beyond = "ASC", ">"
	}
	if after != nil {
		having = append(having, fmt.Sprintf("(value, day, session) %s (toInt64(%d), toInt32(%d), %s)", beyond, after.Value, after.Day, sessionID(after.ID)))
	}
	statement := fmt.Sprintf("SELECT toInt64(%s) AS value, day, session FROM %s WHERE %s GROUP BY day, session HAVING %s ORDER BY value %[5]s, day %[5]s, session %[5]s LIMIT %[6]d",
		c.order(q.Sort), s.table("requests"), allOf(where...), allOf(having...), direction, limit)
	var found []store.PartCursor
	err := s.query(ctx, statement, func(r driver.Rows) error {
		p := store.PartCursor{Sort: q.Sort, Up: q.Up}
		var day int32
		var session string
		err := r.Scan(&p.Value, &day, &session)
		p.Day = record.Day(day)
		copy(p.ID[:], session)
		found = append(found, p)
		return err
	})
	return found, err
}

// onDays says that a row is of some days.
func onDays(days []record.Day) string {
	list := make([]string, len(days))
	for i, d := range days {
		list[i] = fmt.Sprint(int32(d))
	}
	return "day IN (" + strings.Join(list, ", ") + ")"
}

// Count implements store.Store.
func (s *Store) Count(ctx context.Context, f store.Filter, within time.Duration) (record.Total, error) {
	if err := s.enter(ctx); err != nil {
		return record.Total{}, err
	}
	defer s.leave()
	days, err := s.newest(ctx, &f)
	if err != nil {
		return record.Total{}, err
	}
	var total record.Total
	counting := ctx
	if within > 0 {
		var cancel context.CancelFunc
		counting, cancel = context.WithTimeout(ctx, within)
		defer cancel()
	}
	for _, step := range s.steps(days, false, len(f.Has) == 0) {
		statement := fmt.Sprintf("SELECT uniqExact(day, session), count() FROM %s WHERE %s AND %s", s.table("requests"), onDays(step), compiler{s, &f}.requests())
		var parts, requests uint64
		err := s.query(counting, statement, func(r driver.Rows) error { return r.Scan(&parts, &requests) })
		switch {
		case err != nil && ctx.Err() == nil && counting.Err() != nil:
			return total, nil // time is up: this much there is
		case err != nil:
			return total, err
		}
		total.Parts += int64(parts)
		total.Requests += int64(requests)
	}
	total.Complete = true
	return total, nil
}
