package duckdb

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"
	"time"
)

const minuteWidth = time.Minute

// countRequests counts requests by groups, and durations by groups and buckets.
func (d *queryDay) countRequests(ctx context.Context) error {
	pieces, durations := d.sums(), asks(d.q, "p50", "p95", "p99")
	if durations {
		if d.summed == 0 || !d.about.wholeDay(dictEndpoint) {
			return d.count(ctx, d.rows(), true, true)
		}
		err := d.count(ctx, piece{from: "durations", where: d.where.where(), args: d.where.args, sums: true}, false, true)
		if err == nil {
			err = d.count(ctx, d.since(d.summed), false, true)
		}
		if err != nil {
			return err
		}
	}
	if pieces == nil {
		pieces = []piece{d.rows()}
	}
	for _, p := range pieces {
		if err := d.count(ctx, p, true, false); err != nil {
			return err
		}
	}
	return nil
}

// count counts the requests of p by groups and, with buckets, by the buckets of
// their durations; the totals of the groups are counted where asked for.
func (d *queryDay) count(ctx context.Context, p piece, totals, buckets bool) error {
	columns, args := d.keyColumns(), []any(nil)
	add := func(sql string) int {
		columns = append(columns, sql)
		return len(columns) - 1
	}
	requests, blocked, errors, bytes, bucket := 0, -1, -1, -1, -1
	if buckets {
		sql := bucketSQL()
		if p.sums {
			sql = "bucket"
		}
		bucket = add(sql + " AS bucket")
	}
	total := func(live, sum string) int {
		switch {
		case p.single:
			live = sum
		case p.sums:
			live = "sum(" + sum + ")::BIGINT"
		}
		return add("coalesce(" + live + ", 0)")
	}
	requests = total("count(*)", "requests")
	if totals && asks(d.q, "blocked") {
		live := "0::BIGINT"
		switch d.blocked.truth {
		case always:
			live = "count(*)"
		case sometimes:
			if live = "count(*) FILTER (" + d.blocked.sql + ")"; !p.sums {
				args = append(args, d.blocked.args...)
			}
		}
		blocked = total(live, "blocked")
	}
	if totals && asks(d.q, "errors", "error_share") {
		errors = total("count(*) FILTER ("+errorsSQL+")", "errors")
	}
	if totals && asks(d.q, "bytes") {
		sql := "sum(" + bytesSQL + ")"
		switch {
		case p.single:
			sql = "bytes"
		case p.sums:
			sql = "sum(bytes)"
		}
		bytes = add("coalesce(" + sql + ", 0::DOUBLE)")
	}
	query := "SELECT " + strings.Join(columns, ", ") + " FROM " + p.from + " WHERE " + p.where
	if !p.single {
		query += " GROUP BY ALL"
	}
	return d.stream(ctx, query, append(args, p.args...), func(c *chunk) error {
		for row, n := range columnOf[int64](c, requests) {
			if n == 0 { // the one row of no group when there are no requests
				continue
			}
			err := d.each(c, row, func(number uint32) error {
				of := &d.all[number]
				if totals {
					of.requests += n
				}
				if blocked >= 0 {
					of.blocked += columnOf[int64](c, blocked)[row]
				}
				if errors >= 0 {
					of.errors += columnOf[int64](c, errors)[row]
				}
				if bytes >= 0 {
					of.bytes += columnOf[float64](c, bytes)[row]
				}
				if bucket >= 0 && !c.null(bucket, row) {
					return d.took(number, columnOf[uint16](c, bucket)[row], n)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// countAttacks counts the requests with an attack.
func (d *queryDay) countAttacks(ctx context.Context) error {
	var some bool
	if err := d.streamer.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM findings WHERE attack)").Scan(&some); err != nil || !some {
		return err
	}
	attacked := "(SELECT DISTINCT started, node, seq FROM " + d.attacks() + ")"
	p := d.rows()
	from := "(SELECT * FROM " + p.from + " WHERE " + p.where + ") AS asked SEMI JOIN " + attacked + " AS attacked USING (started, node, seq)"
	if d.about.startOnly() {
		from = attacked + " WHERE " + p.where
	}
	columns := append(d.keyColumns(), "count(*)")
	query := "SELECT " + strings.Join(columns, ", ") + " FROM " + from + " GROUP BY ALL"
	return d.stream(ctx, query, p.args, func(c *chunk) error {
		for row, n := range columnOf[int64](c, len(columns)-1) {
			if n == 0 {
				continue
			}
			if err := d.each(c, row, func(group uint32) error { d.all[group].attacks += n; return nil }); err != nil {
				return err
			}
		}
		return nil
	})
}

// countSessions counts distinct sessions.
func (d *queryDay) countSessions(ctx context.Context) error {
	return d.countIDs(ctx, distinctSessions, "session", d.listed())
}

// countIPs counts distinct addresses.
func (d *queryDay) countIPs(ctx context.Context) error {
	pieces := []piece{d.rows("ip IS NOT NULL")}
	if d.covered > 0 && d.about.wholeDay(dictPlace) {
		pieces = []piece{
			{from: "(SELECT unnest(place) AS place, unnest(ip) AS ip FROM parts)", where: d.where.where() + " AND ip IS NOT NULL", args: d.where.args},
			d.rows(fmt.Sprintf("rowid >= %d AND ip IS NOT NULL", d.covered)),
		}
	}
	return d.countIDs(ctx, distinctIPs, "ip", pieces)
}

// listed are the requests, as pieces of which one is the summary of sessions where
// that tells enough.
func (d *queryDay) listed() []piece {
	if d.covered == 0 {
		return []piece{d.rows()}
	}
	if d.about.ipsOnly() {
		return []piece{{from: "(SELECT session, unnest(ip) AS ip FROM parts)", where: d.where.where(), args: d.where.args}, d.since(d.covered)}
	}
	for k := range countKind(len(countColumns)) {
		dict, ok := k.dictionary()
		if !ok || !d.about.wholeDay(dict) {
			continue
		}
		from := "parts"
		if len(d.about.dicts) > 0 {
			from = fmt.Sprintf("(SELECT session, unnest(%s) AS %[1]s FROM parts)", k.column())
		}
		return []piece{{from: from, where: d.where.where(), args: d.where.args}, d.since(d.covered)}
	}
	return []piece{d.rows()}
}

// countIDs counts the distinct ids that a column of the pieces has.
func (d *queryDay) countIDs(ctx context.Context, kind distinctKind, name string, pieces []piece) error {
	columns := append(d.keyColumns(), name)
	for _, p := range pieces {
		query := "SELECT " + strings.Join(columns, ", ") + " FROM " + p.from + " WHERE " + p.where + " GROUP BY ALL"
		err := d.stream(ctx, query, p.args, func(c *chunk) error {
			for row := range c.rows {
				id := c.id(len(columns)-1, row)
				hash := maphash.Bytes(d.seed, id[:])
				if err := d.each(c, row, func(group uint32) error { return d.distinct.add(setOf(group, kind), hash) }); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// countUsers counts distinct users, by hashes of their names: a name may have
// several codes.
func (d *queryDay) countUsers(ctx context.Context) error {
	pieces := []piece{d.rows()}
	if d.summed > 0 && d.about.wholeDay(dictPerson) {
		from := fmt.Sprintf("(SELECT code AS person FROM codes WHERE dictionary = %d)", dictPerson)
		pieces = []piece{{from: from, where: d.where.where(), args: d.where.args}, d.since(d.summed)}
	}
	columns := d.keyColumns()
	keys := ""
	for i := range columns {
		keys += fmt.Sprintf("k%d, ", i)
	}
	columns = append(columns, "person AS who")
	for _, p := range pieces {
		query := "SELECT " + keys + "name FROM (SELECT " + strings.Join(columns, ", ") + " FROM " + p.from + " WHERE " + p.where + " GROUP BY ALL) " +
			"JOIN (SELECT code, user_name AS name FROM dict_person WHERE user_name <> '') ON who = code"
		err := d.stream(ctx, query, p.args, func(c *chunk) error {
			for row := range c.rows {
				hash := maphash.String(d.seed, c.text(len(columns)-1, row))
				if err := d.each(c, row, func(group uint32) error { return d.distinct.add(setOf(group, distinctUsers), hash) }); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
