package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// A summary is made of tallies: how many requests have each value of a dimension.
// All tallies of all parts of a page come from one statement, so they are of one
// state of the table: each request becomes a row for each of its values, and these
// are counted.

// totals is the dimension under which every request counts once.
const totals = "totals"

// dimension is something to count requests by. Its values are texts that sort as
// the values do.
type dimension struct {
	name   string
	values string // expression: an array of texts
}

// partDimensions are those of which a part shows the top values. Unknown ones do
// not count where the name says so.
var partDimensions = []dimension{
	{totals, "['']"},
	{"known_ip", "if(ip_known, [" + ipHex + "], [])"},
	{"known_user", "if(user = '', [], [user])"},
	{"known_role", "if(role = '', [], [toString(role)])"},
	single("user_agent"), single("key"), single("application"), single("host"), single("endpoint"),
}

// sessionDimensions are those of a session: its summary's and its facets.
var sessionDimensions = func() []dimension {
	all := append(slices.Clone(partDimensions), single("client"))
	for _, name := range record.FacetNames {
		if !slices.ContainsFunc(all, func(d dimension) bool { return d.name == name }) {
			all = append(all, single(name))
		}
	}
	return all
}()

// single is the dimension of a field.
func single(name string) dimension {
	if name == "status" { // negative ones first
		return dimension{name, "[lpad(toString(toInt64(status) + 2147483648), 10, '0')]"}
	}
	f, _, _ := store.FieldOf(name)
	expression, many := values(f, "")
	if !many {
		expression = "[" + expression + "]"
	}
	return dimension{name, expression}
}

// tally is how many requests have a value.
type tally struct {
	value    string
	requests int64
}

// summary is what is known of one part or session.
type summary struct {
	started, ended          record.Time
	requests, matched       int64
	attacks, errors, bytes  int64
	tops                    map[string][]tally // by dimension, the most first, equals by value
	distinct                map[string]int64
	country, rung, strength string
}

// summaryOf names what a summary is of.
type summaryOf struct {
	day     record.Day // 0 for a session
	session record.SessionID
}

// summarize sums up the rows where a condition holds, by part or, when not byDay,
// by session; matched counts those that also match.
func (s *Store) summarize(ctx context.Context, c compiler, dimensions []dimension, where, match string, byDay bool, top int) (map[summaryOf]*summary, error) {
	day, join := "toInt32(0)", ""
	if byDay {
		day = "day"
	}
	var pairs []string
	for i, d := range dimensions {
		pairs = append(pairs, fmt.Sprintf("arrayMap(v -> (toUInt8(%d), v), %s)", i, d.values))
		if strings.Contains(d.values, "attack_types") {
			join = c.attackTypes()
		}
	}
	statement := fmt.Sprintf(`
SELECT part, session, pair.1 AS dimension, pair.2 AS value, toInt64(count()) AS n,
	toInt64(count() OVER (PARTITION BY part, session, dimension)) AS values,
	min(started), max(started), toInt64(countIf(matches)), toInt64(countIf(attacked)), toInt64(countIf(failed)), %s
FROM (
	SELECT %s AS part, session, started, request_bytes, response_bytes, %s AS matches, %s AS attacked, %s AS failed, arrayJoin(arrayConcat(%s)) AS pair
	FROM %s AS requests %s WHERE %s
)
GROUP BY part, session, dimension, value
ORDER BY part, session, dimension, n DESC, value
LIMIT %d BY part, session, dimension`,
		sumBytes, day, match, c.attacked(), isError, strings.Join(pairs, ", "), s.table("requests"), join, where, top)
	sums := map[summaryOf]*summary{}
	err := s.query(ctx, statement, func(r driver.Rows) error {
		var day int32
		var session, value string
		var dim uint8
		var n, distinct, started, ended, matched, attacks, errs, bytes int64
		if err := r.Scan(&day, &session, &dim, &value, &n, &distinct, &started, &ended, &matched, &attacks, &errs, &bytes); err != nil {
			return err
		}
		of := summaryOf{day: record.Day(day)}
		copy(of.session[:], session)
		sum := sums[of]
		if sum == nil {
			sum = &summary{tops: map[string][]tally{}, distinct: map[string]int64{}}
			sums[of] = sum
		}
		name := dimensions[dim].name
		if name == totals {
			sum.started, sum.ended, sum.requests, sum.matched = record.Time(started), record.Time(ended), n, matched
			sum.attacks, sum.errors, sum.bytes = attacks, errs, bytes
		}
		sum.tops[name] = append(sum.tops[name], tally{value, n})
		sum.distinct[name] = distinct
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sums, s.groupings(ctx, sums, where, day)
}

// groupings adds what depends on the top values: the country of the address, the
// rung and strength of the key.
func (s *Store) groupings(ctx context.Context, sums map[summaryOf]*summary, where, day string) error {
	var addresses, keys []string
	for of, sum := range sums {
		tuple := func(value string) string {
			return fmt.Sprintf("(%d, %s, %s)", of.day, sessionID(of.session), text(value))
		}
		if ip := sum.top("known_ip"); ip != "" {
			addresses = append(addresses, tuple(ip))
		}
		keys = append(keys, tuple(sum.top("key")))
	}
	if len(keys) == 0 {
		return nil
	}
	statement := fmt.Sprintf(`SELECT %s AS part, session, toString(rung) AS a, toString(strength) AS b FROM %s WHERE %s AND (part, session, toString(key)) IN (%s)
		GROUP BY part, session, a, b ORDER BY count() DESC, a, b LIMIT 1 BY part, session`, day, s.table("requests"), where, strings.Join(keys, ", "))
	err := s.eachOf(ctx, sums, statement, func(sum *summary, a, b string) { sum.rung, sum.strength = a, b })
	if err != nil || len(addresses) == 0 {
		return err
	}
	statement = fmt.Sprintf(`SELECT %s AS part, session, toString(country) AS a, '' AS b FROM %s WHERE %s AND country != '' AND (part, session, %s) IN (%s)
		GROUP BY part, session, a ORDER BY count() DESC, a LIMIT 1 BY part, session`, day, s.table("requests"), where, ipHex, strings.Join(addresses, ", "))
	return s.eachOf(ctx, sums, statement, func(sum *summary, a, _ string) { sum.country = a })
}

func (s *Store) eachOf(ctx context.Context, sums map[summaryOf]*summary, statement string, set func(sum *summary, a, b string)) error {
	return s.query(ctx, statement, func(r driver.Rows) error {
		var day int32
		var session, a, b string
		err := r.Scan(&day, &session, &a, &b)
		of := summaryOf{day: record.Day(day)}
		copy(of.session[:], session)
		if sum := sums[of]; sum != nil {
			set(sum, a, b)
		}
		return err
	})
}

// top returns the value of the most requests, or "".
func (sum *summary) top(name string) string {
	if all := sum.tops[name]; len(all) > 0 {
		return all[0].value
	}
	return ""
}

// counts returns the top values of a part's list.
func (sum *summary) counts(name string) []record.Count {
	counts := []record.Count{}
	for _, t := range sum.tops[name][:min(len(sum.tops[name]), record.TopValues)] {
		counts = append(counts, record.Count{Value: t.value, Count: t.requests})
	}
	return counts
}

// part returns the part that sum is of.
func (sum *summary) part(of summaryOf) record.Part {
	return record.Part{
		ID: of.session, Part: of.day, Started: sum.started, Ended: sum.ended, Requests: sum.requests, Matched: sum.matched,
		Attacks: sum.attacks, Errors: sum.errors, Bytes: sum.bytes,
		IP: parseIPHex(sum.top("known_ip")), IPs: sum.distinct["known_ip"], Country: sum.country, UserAgent: sum.top("user_agent"),
		User: sum.top("known_user"), Users: sum.distinct["known_user"], Roles: sum.counts("known_role"),
		Applications: sum.counts("application"), Hosts: sum.counts("host"), HostCount: sum.distinct["host"],
		Endpoints: sum.counts("endpoint"), EndpointCount: sum.distinct["endpoint"],
		Key: sum.top("key"), Rung: record.Rung(sum.rung), Strength: record.Strength(sum.strength),
	}
}

// parts sums up the parts at some places, in their order. A part that is gone by
// now is left out.
func (s *Store) parts(ctx context.Context, f *store.Filter, places []store.PartCursor) ([]record.Part, error) {
	parts := []record.Part{}
	if len(places) == 0 {
		return parts, nil
	}
	var tuples, sessions []string
	var days []record.Day
	for _, p := range places {
		id := sessionID(p.ID)
		tuples = append(tuples, fmt.Sprintf("(%d, %s)", p.Day, id))
		sessions = append(sessions, id)
		if !slices.Contains(days, p.Day) {
			days = append(days, p.Day)
		}
	}
	c := compiler{s, f}
	where := allOf(isRequest, onDays(days), "session IN ("+strings.Join(sessions, ", ")+")", "(day, session) IN ("+strings.Join(tuples, ", ")+")")
	match := append([]string{"1"}, c.passes()...)
	sums, err := s.summarize(ctx, c.onDays(), partDimensions, where, "("+allOf(match...)+")", true, record.TopValues)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		of := summaryOf{p.Day, p.ID}
		if sum := sums[of]; sum != nil && sum.matched > 0 {
			parts = append(parts, sum.part(of))
		}
	}
	return parts, nil
}
