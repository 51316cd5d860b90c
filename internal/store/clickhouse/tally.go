package clickhouse

import (
	"cmp"
	"context"
	"encoding/hex"
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
	value  string // expression: a text, or an array of texts when many
	many   bool
	unless string // condition under which a request has no value; "" for never
	detail string // expression: a text, of which the most frequent is told; "" for none
}

// partDimensions are those of which a part shows the top values; the address comes
// with its country, the key with its rung and strength.
var partDimensions = []dimension{
	{name: totals, value: "''"},
	{name: "known_ip", value: ipHex, unless: "NOT ip_known", detail: "toString(country)"},
	{name: "known_user", value: "user", unless: "user = ''"},
	{name: "known_role", value: "toString(role)", unless: "role = ''"},
	{name: "key", value: "toString(key)", detail: "concat(hex(rung), ' ', hex(strength))"},
	single("user_agent"), single("application"), single("host"), single("endpoint"),
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
		return dimension{name: name, value: "lpad(toString(toInt64(status) + 2147483648), 10, '0')"}
	}
	f, _, _ := store.FieldOf(name)
	expression, many := values(f, "")
	return dimension{name: name, value: expression, many: many}
}

// noDimension is that of a value that does not count.
const noDimension = 255

// pairs is the array of (dimension, value, detail) that a request counts under.
func pairs(dimensions []dimension) string {
	var singles, arrays []string
	for i, d := range dimensions {
		number, detail := fmt.Sprintf("toUInt8(%d)", i), cmp.Or(d.detail, "''")
		if d.unless != "" {
			number = fmt.Sprintf("toUInt8(if(%s, %d, %d))", d.unless, noDimension, i)
		}
		if d.many {
			arrays = append(arrays, fmt.Sprintf("arrayMap(v -> (%s, v, %s), %s)", number, detail, d.value))
		} else {
			singles = append(singles, fmt.Sprintf("(%s, %s, %s)", number, d.value, detail))
		}
	}
	return "arrayConcat(" + strings.Join(append(arrays, "["+strings.Join(singles, ", ")+"]"), ", ") + ")"
}

// tally is how many requests have a value.
type tally struct {
	value    string
	requests int64
	detail   string // the most frequent one that is not empty, of equals the first
}

// summary is what is known of one part or session.
type summary struct {
	started, ended         record.Time
	requests, matched      int64
	attacks, errors, bytes int64
	tops                   map[string][]tally // by dimension, the most first, equals by value
	distinct               map[string]int64
}

// summaryOf names what a summary is of.
type summaryOf struct {
	day     record.Day // 0 for a session
	session record.SessionID
}

// summarize sums up the rows where a condition holds, by part or, when not byDay,
// by session; matched counts those that also match.
func (s *Store) summarize(ctx context.Context, c compiler, dimensions []dimension, where, match string, byDay bool, top int) (map[summaryOf]*summary, error) {
	day, join, attacked := "toInt32(0)", "", c.attacked()
	if byDay {
		day = "day"
	}
	for _, d := range dimensions {
		if d.name == "attack" {
			join, attacked = c.attackTypes(), "notEmpty(attack_types)"
		}
	}
	// Details are summed up as a map of their counts, sorted by detail.
	statement := fmt.Sprintf(`
SELECT part, session, pair.1 AS dimension, pair.2 AS value, toInt64(count()) AS n, toInt64(count() OVER (PARTITION BY part, session, dimension)) AS values,
	(sumMapIf([pair.3], [toUInt64(1)], pair.3 != '') AS details).1[indexOf(details.2, arrayMax(details.2))],
	min(started), max(started), toInt64(countIf(matches)), toInt64(countIf(attacked)), toInt64(countIf%s), %s
FROM (
	SELECT %s AS part, session, started, status, request_bytes, response_bytes, %s AS matches, %s AS attacked, arrayJoin(%s) AS pair
	FROM %s AS requests %s WHERE %s
)
WHERE dimension != %d
GROUP BY part, session, dimension, value
ORDER BY part, session, dimension, n DESC, value
LIMIT %d BY part, session, dimension`,
		isError, sumBytes, day, match, attacked, pairs(dimensions), s.table("requests"), join, where, noDimension, top)
	sums := map[summaryOf]*summary{}
	err := s.query(ctx, statement, func(r driver.Rows) error {
		var day int32
		var session, value, detail string
		var dim uint8
		var n, distinct, started, ended, matched, attacks, errs, bytes int64
		if err := r.Scan(&day, &session, &dim, &value, &n, &distinct, &detail, &started, &ended, &matched, &attacks, &errs, &bytes); err != nil {
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
		sum.tops[name] = append(sum.tops[name], tally{value, n, detail})
		sum.distinct[name] = distinct
		return nil
	})
	return sums, err
}

// top returns the value of the most requests; "" when there is none.
func (sum *summary) top(name string) (t tally) {
	if all := sum.tops[name]; len(all) > 0 {
		t = all[0]
	}
	return t
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
	ip, key := sum.top("known_ip"), sum.top("key")
	rung, strength, _ := strings.Cut(key.detail, " ")
	return record.Part{
		ID: of.session, Part: of.day, Started: sum.started, Ended: sum.ended, Requests: sum.requests, Matched: sum.matched,
		Attacks: sum.attacks, Errors: sum.errors, Bytes: sum.bytes,
		IP: parseIPHex(ip.value), IPs: sum.distinct["known_ip"], Country: ip.detail, UserAgent: sum.top("user_agent").value,
		User: sum.top("known_user").value, Users: sum.distinct["known_user"], Roles: sum.counts("known_role"),
		Applications: sum.counts("application"), Hosts: sum.counts("host"), HostCount: sum.distinct["host"],
		Endpoints: sum.counts("endpoint"), EndpointCount: sum.distinct["endpoint"],
		Key: key.value, Rung: record.Rung(unhex(rung)), Strength: record.Strength(unhex(strength)),
	}
}

// unhex reads what the server's hex gives.
func unhex(s string) string {
	b, _ := hex.DecodeString(s)
	return string(b)
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
