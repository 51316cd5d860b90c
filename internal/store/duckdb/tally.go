package duckdb

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sojourn/internal/record"
)

// tally is what requests of one session add up to: totals, and how often each
// value of each facet occurs.
type tally struct {
	started, ended             record.Time
	requests, errors, attacked int64
	facets                     map[string]*facetTally
	groupings                  map[grouping]int64
	origins                    map[origin]int64
}

// facetTally counts the values of one facet.
type facetTally struct {
	distinct int64 // may exceed len(counts) when only the top was asked for
	counts   map[string]int64
}

// grouping is how a request found its session.
type grouping struct {
	key      string
	rung     record.Rung
	strength record.Strength
}

// origin is a country that requests of an address tell.
type origin struct{ ip, country string }

// maxGroupings is how many groupings of one session are looked at.
const maxGroupings = 1000

// facetSQL counts the values of each facet over the table picked: facet, session,
// value, rung, strength, a number to order by where values do not order as text,
// and the count. Codes are counted first, then turned into text, because a text
// may have several codes.
var facetSQL = map[string]string{
	"application": textFacet("application", dictApplication, "application", "application", "'', ''"),
	"host":        textFacet("host", dictHost, "host", "host", "'', ''"),
	"endpoint":    textFacet("endpoint", dictEndpoint, "endpoint", "method || ' ' || endpoint", "'', ''"),
	"method":      textFacet("method", dictEndpoint, "endpoint", "method", "'', ''"),
	"user_agent":  textFacet("user_agent", dictAgent, "user_agent", "user_agent", "'', ''"),
	"origin":      originSQL,
	"key":         textFacet("key", dictGrouping, "grouping_key", "key", "'', ''"),
	"grouping":    textFacet("grouping", dictGrouping, "grouping_key", "key", "rung, strength"),
	"country":     textFacet("country", dictPlace, "place", "country", "'', ''"),
	"user":        textFacet("user", dictPerson, "person", "user_name", "'', ''"),
	"role":        textFacet("role", dictPerson, "person", "role", "'', ''"),

	"graphql_operation": textFacet("graphql_operation", dictMessage, "message", "graphql_operation", "'', ''"),
	"mcp_method":        textFacet("mcp_method", dictMessage, "message", "mcp_method", "'', ''"),
	"mcp_name":          textFacet("mcp_name", dictMessage, "message", "mcp_name", "'', ''"),

	"status": "SELECT 'status', session, CAST(status AS VARCHAR), '', '', status, count(*) FROM picked GROUP BY ALL",
	"ip":     "SELECT 'ip', session, coalesce(CAST(ip AS VARCHAR), ''), '', '', 0, count(*) FROM picked GROUP BY ALL",
}

func textFacet(name string, dict int, column, value, more string) string {
	return "SELECT '" + name + "', session, " + value + ", " + more + ", 0, sum(n)::BIGINT " +
		"FROM (SELECT session, " + column + " AS code, count(*) AS n FROM picked GROUP BY ALL) " +
		"JOIN " + dictionaries[dict].table + " USING (code) GROUP BY ALL"
}

// originSQL counts the countries that each address tells; addresses by requests,
// whatever those tell.
const originSQL = `
SELECT 'origin', session, CAST(ip AS VARCHAR), country, '', dense_rank() OVER (PARTITION BY session ORDER BY total DESC, ip), n FROM (
	SELECT session, ip, country, sum(n)::BIGINT AS n, sum(sum(n)) OVER (PARTITION BY session, ip) AS total
	FROM (SELECT session, ip, place AS code, count(*) AS n FROM picked WHERE ip IS NOT NULL GROUP BY ALL)
	JOIN dict_place USING (code) GROUP BY session, ip, country)
WHERE country <> ''`

// totalsSQL adds the totals of each session as facets of their own.
const totalsSQL = `
SELECT unnest(['#started', '#ended', '#requests', '#errors', '#attacked']), session, '', '', '', 0,
	unnest([min(started), max(started), count(*), count(*) FILTER (status BETWEEN 400 AND 599), count(*) FILTER (attacked)])
FROM picked GROUP BY session`

// pickedSQL is the requests to count, with their attacks and some column more.
const pickedSQL = `
SELECT session, started, application, host, endpoint, user_agent, grouping_key, place, person, message, status, ip, %s
	(started, node, seq) IN (SELECT (started, node, seq) FROM findings WHERE attack) AS attacked
FROM requests WHERE `

// partFacets is what a row of the list of sessions needs.
var partFacets = []string{"application", "host", "endpoint", "ip", "origin", "user_agent", "user", "role", "grouping"}

// partValues is how many values of a facet that takes: one more than it shows,
// because the empty one may not be shown.
const partValues = record.TopValues + 1

// countSessions counts facets over the requests of one day that meet where, and
// adds them to the tally of each session. It takes the top values only, equals in
// the order that lists have, and the empty value in any case: whether it is there
// tells how many others there are. Origins count by the rank of their address.
func countSessions(ctx context.Context, tx *sql.Tx, where *condition, facets []string, top int, into map[record.SessionID]*tally) error {
	told, untold, more, err := splitFacets(ctx, tx, facets)
	if err != nil {
		return err
	}
	counts, picked := []string{totalsSQL}, fmt.Sprintf(pickedSQL, "")
	if more {
		picked = fmt.Sprintf(pickedSQL, "mcp_more,")
	}
	for _, name := range told {
		sql := facetSQL[name]
		if more {
			sql = cmp.Or(messageFacets[name], sql)
		}
		counts = append(counts, sql)
	}
	query := "WITH picked AS MATERIALIZED (" + picked + where.where() + "), " +
		"counted (facet, session, value, rung, strength, rank, n) AS (" + strings.Join(counts, " UNION ALL ") + ") " +
		"SELECT facet, session, value, rung, strength, n, count(*) OVER (PARTITION BY facet, session) FROM counted " +
		"QUALIFY row_number() OVER (PARTITION BY facet, session " +
		"ORDER BY CASE facet WHEN 'origin' THEN 0 ELSE n END DESC, rank, n DESC, value, rung, strength) <= " +
		"CASE facet WHEN 'grouping' THEN ? ELSE ? END OR value = ''"
	rows, err := tx.QueryContext(ctx, query, append(append([]any{}, where.args...), int64(maxGroupings), int64(top))...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var facet, value string
		var id record.SessionID
		var g grouping
		var n, distinct int64
		if err := rows.Scan(&facet, (*uuid)(&id), &value, &g.rung, &g.strength, &n, &distinct); err != nil {
			return err
		}
		if into[id] == nil {
			into[id] = newTally()
		}
		g.key = value
		into[id].add(facet, value, g, n, distinct)
	}
	for _, t := range into {
		t.addUntold(untold)
	}
	return rows.Err()
}

func newTally() *tally {
	return &tally{facets: map[string]*facetTally{}, groupings: map[grouping]int64{}, origins: map[origin]int64{}}
}

// add takes in a row of countSessions; a session has one of each kind.
func (t *tally) add(facet, value string, g grouping, n, distinct int64) {
	switch facet {
	case "#started":
		t.started = record.Time(n)
	case "#ended":
		t.ended = record.Time(n)
	case "#requests":
		t.requests = n
	case "#errors":
		t.errors = n
	case "#attacked":
		t.attacked = n
	case "grouping":
		t.groupings[g] = n
	case "origin":
		t.origins[origin{addrText(value), string(g.rung)}] = n
	default:
		f := t.facets[facet]
		if f == nil {
			f = &facetTally{counts: map[string]int64{}}
			t.facets[facet] = f
		}
		if facet == "ip" {
			value = addrText(value)
		}
		f.counts[value] = n
		f.distinct = distinct
	}
}

// complete fills in the fields of p that findParts left.
func (t *tally) complete(p *record.Part) {
	p.Requests, p.Errors, p.Attacks = t.requests, t.errors, t.attacked
	p.Applications, _ = t.top("application")
	p.Hosts, p.HostCount = t.top("host")
	p.Endpoints, p.EndpointCount = t.top("endpoint")
	p.Key, p.Rung, p.Strength = t.grouping()
	p.UserAgent = t.most("user_agent")
	p.IP, p.IPs = t.address()
	p.Country = t.country(p.IP)
	p.User, p.Users, p.Roles = t.people()
}

// ranked returns the values of a facet, most first, equals in their order.
func (t *tally) ranked(facet string) []string {
	f := t.facets[facet]
	if f == nil {
		return nil
	}
	order := strings.Compare
	switch facet {
	case "ip":
		order = compareAddr
	case "status":
		order = compareNumber
	}
	values := make([]string, 0, len(f.counts))
	for v := range f.counts {
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(cmp.Compare(f.counts[b], f.counts[a]), order(a, b)) })
	return values
}

func (t *tally) top(facet string) ([]record.Count, int64) {
	values := t.ranked(facet)
	top := []record.Count{}
	for _, v := range values[:min(len(values), record.TopValues)] {
		top = append(top, record.Count{Value: v, Count: t.facets[facet].counts[v]})
	}
	if len(values) == 0 {
		return top, 0
	}
	return top, t.facets[facet].distinct
}

// people returns the user of the most requests, how many users there are, and the
// top roles; no user and no role do not count.
func (t *tally) people() (user string, users int64, roles []record.Count) {
	for _, v := range t.ranked("user") {
		user = cmp.Or(user, v)
	}
	if f := t.facets["user"]; f != nil {
		users = f.known()
	}
	roles = []record.Count{}
	for _, v := range t.ranked("role") {
		if v != "" && len(roles) < record.TopValues {
			roles = append(roles, record.Count{Value: v, Count: t.facets["role"].counts[v]})
		}
	}
	return user, users, roles
}

// known is how many values there are beside the empty one.
func (f *facetTally) known() int64 {
	if _, empty := f.counts[""]; empty {
		return f.distinct - 1
	}
	return f.distinct
}

// country returns the country that most requests of an address tell.
func (t *tally) country(a netip.Addr) (country string) {
	var most int64
	for o, n := range t.origins {
		if a.IsValid() && o.ip == a.String() && (n > most || n == most && o.country < country) {
			country, most = o.country, n
		}
	}
	return country
}

func (t *tally) most(facet string) string {
	if values := t.ranked(facet); len(values) > 0 {
		return values[0]
	}
	return ""
}

// address returns the known address of the most requests, and how many there are.
func (t *tally) address() (most netip.Addr, distinct int64) {
	for _, v := range t.ranked("ip") {
		if v != "" {
			most = netip.MustParseAddr(v)
			break
		}
	}
	if f := t.facets["ip"]; f != nil {
		distinct = f.known()
	}
	return most, distinct
}

// grouping returns the key of the most requests, and the rung and strength that
// most of its requests have.
func (t *tally) grouping() (key string, rung record.Rung, strength record.Strength) {
	byKey := map[string]int64{}
	for g, n := range t.groupings {
		byKey[g.key] += n
	}
	var best grouping
	for g, n := range t.groupings {
		if t.groupings[best] == 0 || cmp.Or(
			cmp.Compare(byKey[best.key], byKey[g.key]), cmp.Compare(g.key, best.key),
			cmp.Compare(t.groupings[best], n), cmp.Compare(g.rung, best.rung), cmp.Compare(g.strength, best.strength)) < 0 {
			best = g
		}
	}
	return best.key, best.rung, best.strength
}

// addrText turns the text of a UUID into that of the address it stands for.
func addrText(text string) string {
	id, err := record.ParseSessionID(strings.ReplaceAll(text, "-", ""))
	if err != nil {
		return ""
	}
	return netip.AddrFrom16(id).Unmap().String()
}

// compareAddr orders the unknown address first, the others by their 16 bytes.
func compareAddr(a, b string) int {
	if a == "" || b == "" {
		return strings.Compare(a, b)
	}
	a16, b16 := netip.MustParseAddr(a).As16(), netip.MustParseAddr(b).As16()
	return bytes.Compare(a16[:], b16[:])
}

func compareNumber(a, b string) int {
	x, _ := strconv.ParseInt(a, 10, 64)
	y, _ := strconv.ParseInt(b, 10, 64)
	return cmp.Compare(x, y)
}
