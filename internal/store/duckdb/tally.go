package duckdb

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// tally is what requests of one session add up to: totals, and how often each
// value of each facet occurs. Those of several days can be merged.
type tally struct {
	started, ended             record.Time
	requests, errors, attacked int64
	bytes                      int64
	facets                     map[string]map[string]int64
	groupings                  map[grouping]int64
	origins                    map[origin]int64
	clients                    map[record.SessionID]int64
}

// grouping is how a request found its session.
type grouping struct {
	key      string
	rung     record.Rung
	strength record.Strength
}

// origin is a country that requests of an address tell.
type origin struct {
	ip      netip.Addr
	country string
}

func newTally() *tally {
	return &tally{
		facets: map[string]map[string]int64{}, groupings: map[grouping]int64{},
		origins: map[origin]int64{}, clients: map[record.SessionID]int64{},
	}
}

// total adds totals of some requests.
func (t *tally) total(started, ended record.Time, requests, errors, bytes int64) {
	if requests == 0 {
		return
	}
	if t.requests == 0 || started < t.started {
		t.started = started
	}
	t.ended = max(t.ended, ended)
	t.requests += requests
	t.errors += errors
	t.bytes = saturated(t.bytes, bytes)
}

// saturated adds sizes; what is too much for an int64 is its greatest.
func saturated(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func (t *tally) count(facet, value string, n int64) {
	if t.facets[facet] == nil {
		t.facets[facet] = map[string]int64{}
	}
	t.facets[facet][value] += n
}

// merge adds another day's tally.
func (t *tally) merge(day *tally) {
	t.total(day.started, day.ended, day.requests, day.errors, day.bytes)
	t.attacked += day.attacked
	for facet, values := range day.facets {
		for v, n := range values {
			t.count(facet, v, n)
		}
	}
	for g, n := range day.groupings {
		t.groupings[g] += n
	}
	for o, n := range day.origins {
		t.origins[o] += n
	}
	for c, n := range day.clients {
		t.clients[c] += n
	}
}

// entryFacets are the facets that each dictionary tells. What they are of an entry
// is what they are of a request that has it.
var entryFacets = [len(dictionaries)][]string{
	dictApplication: {"application"}, dictHost: {"host"}, dictEndpoint: {"endpoint", "method", "flow"},
	dictAgent: {"user_agent"}, dictGrouping: {"key"}, dictPlace: {"country", "network"}, dictPerson: {"user", "role"},
	dictMessage: {"graphql_operation", "mcp_server", "mcp_method", "mcp_name"},
}

// told is what an entry of a dictionary tells of the requests that have it.
type told struct {
	entry
	values   []facetValue
	grouping *grouping
}

type facetValue struct{ facet, value string }

func tell(dict int, e entry) (told, error) {
	var r record.Request
	t := told{entry: e}
	if err := setEntry(dict, &r, e); err != nil {
		return t, err
	}
	for _, facet := range entryFacets[dict] {
		f, _, _ := store.FieldOf(facet)
		for _, v := range f.Values(&r, "") {
			t.values = append(t.values, facetValue{facet, v})
		}
	}
	if dict == dictGrouping {
		t.grouping = &grouping{r.Key, r.Rung, r.Strength}
	}
	return t, nil
}

// add adds n requests that have an entry.
func (t *tally) add(e told, n int64) {
	for _, v := range e.values {
		t.count(v.facet, v.value, n)
	}
	if e.grouping != nil {
		t.groupings[*e.grouping] += n
	}
}

// addOrigin adds n requests from an address, which may be unknown, that tell a place.
func (t *tally) addOrigin(ip netip.Addr, place entry, n int64) {
	if !ip.IsValid() {
		t.count("ip", "", n)
		return
	}
	t.count("ip", ip.String(), n)
	if country := place[0]; country != "" {
		t.origins[origin{ip, country}] += n
	}
}

// codeCount is how many requests of a session have a value: a code of a
// dictionary, a status, or a place and an address.
type codeCount struct {
	session record.SessionID
	kind    countKind
	code    int64
	ip      netip.Addr
	n       int64
}

// maxCounts is how many values of one kind are counted of a session in a day, the
// most frequent ones: a client that sends a new User-Agent with every request, or
// comes from a new address, shall not fill the memory of who looks at its session.
const maxCounts = 20_000

// readCounts reads rows of session, kind, code, address and count.
func readCounts(ctx context.Context, tx *sql.Tx, query string, args ...any) ([]codeCount, error) {
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("SELECT * FROM (%s) QUALIFY row_number() OVER (PARTITION BY session, kind ORDER BY n DESC, code, ip) <= %d", query, maxCounts), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []codeCount
	for rows.Next() {
		var c codeCount
		var ip []byte
		if err := rows.Scan((*uuid)(&c.session), &c.kind, &c.code, &ip, &c.n); err != nil {
			return nil, err
		}
		if len(ip) == 16 {
			c.ip = netip.AddrFrom16([16]byte(ip)).Unmap()
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// addCounts turns counts of codes into counts of values.
func addCounts(ctx context.Context, tx *sql.Tx, counts []codeCount, into map[record.SessionID]*tally) error {
	var wanted [len(dictionaries)]map[uint32]bool
	for _, c := range counts {
		if dict, ok := c.kind.dictionary(); ok {
			if wanted[dict] == nil {
				wanted[dict] = map[uint32]bool{}
			}
			wanted[dict][uint32(c.code)] = true
		}
	}
	var tells [len(dictionaries)]map[uint32]told
	for dict, codes := range wanted {
		if codes == nil {
			continue
		}
		entries, err := readEntries(ctx, tx, dictionaries[dict], codeSet{slices.Sorted(maps.Keys(codes))})
		if err != nil {
			return err
		}
		tells[dict] = make(map[uint32]told, len(entries))
		for code, e := range entries {
			if tells[dict][code], err = tell(dict, e); err != nil {
				return err
			}
		}
	}
	for _, c := range counts {
		t := into[c.session]
		dict, coded := c.kind.dictionary()
		switch {
		case t == nil:
		case !coded:
			t.count("status", strconv.FormatInt(c.code, 10), c.n)
		default:
			e, ok := tells[dict][uint32(c.code)]
			if !ok {
				return fmt.Errorf("bug: code %d is not in %s", c.code, dictionaries[dict].table)
			}
			t.add(e, c.n)
			if c.kind == countOrigin {
				t.addOrigin(c.ip, e.entry, c.n)
			}
		}
	}
	return nil
}

// complete fills in the fields of p that are found in its requests.
func (t *tally) complete(p *record.Part) {
	p.Requests, p.Errors, p.Attacks, p.Bytes = t.requests, t.errors, t.attacked, t.bytes
	p.Applications, _ = t.top("application")
	p.Hosts, p.HostCount = t.top("host")
	p.Endpoints, p.EndpointCount = t.top("endpoint")
	p.Key, p.Rung, p.Strength = t.grouping()
	p.UserAgent = t.most("user_agent")
	p.IP, p.IPs = t.address()
	p.Country = t.country(p.IP)
	p.User, p.Users, p.Roles = t.people()
}

// summarize fills in what the requests of a session add up to.
func (t *tally) summarize(s *record.Session) {
	var p record.Part
	t.complete(&p)
	s.Started, s.Ended = t.started, t.ended
	s.Requests, s.Errors, s.Attacks, s.Bytes, s.Client = p.Requests, p.Errors, p.Attacks, p.Bytes, t.client()
	s.Key, s.Rung, s.Strength, s.UserAgent = p.Key, p.Rung, p.Strength, p.UserAgent
	s.IP, s.Country, s.User, s.Users, s.Roles = p.IP, p.Country, p.User, p.Users, p.Roles
	for _, name := range record.FacetNames {
		facet := record.Facet{Name: name, Distinct: int64(len(t.facets[name])), Values: []record.FacetValue{}}
		values := t.ranked(name)
		for _, v := range values[:min(len(values), record.FacetValues)] {
			n := t.facets[name][v]
			facet.Values = append(facet.Values, record.FacetValue{Value: v, Count: n, Share: float64(n) / float64(t.requests)})
		}
		if facet.Told() {
			s.Facets = append(s.Facets, facet)
		}
	}
}

// ranked returns the values of a facet, most first, equals in their order.
func (t *tally) ranked(facet string) []string {
	order := strings.Compare
	switch facet {
	case "ip":
		order = compareAddr
	case "status":
		order = compareNumber
	}
	counts := t.facets[facet]
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), order(a, b))
	})
}

func (t *tally) top(facet string) ([]record.Count, int64) {
	values := t.ranked(facet)
	top := []record.Count{}
	for _, v := range values[:min(len(values), record.TopValues)] {
		top = append(top, record.Count{Value: v, Count: t.facets[facet][v]})
	}
	return top, int64(len(values))
}

// people returns the user of the most requests, how many users there are, and the
// top roles; no user and no role do not count.
func (t *tally) people() (user string, users int64, roles []record.Count) {
	for _, v := range t.ranked("user") {
		user = cmp.Or(user, v)
	}
	roles = []record.Count{}
	for _, v := range t.ranked("role") {
		if v != "" && len(roles) < record.TopValues {
			roles = append(roles, record.Count{Value: v, Count: t.facets["role"][v]})
		}
	}
	return user, t.known("user"), roles
}

// known is how many values of a facet there are beside the empty one.
func (t *tally) known(facet string) int64 {
	n := int64(len(t.facets[facet]))
	if _, empty := t.facets[facet][""]; empty {
		n--
	}
	return n
}

// country returns the country that most requests of an address tell.
func (t *tally) country(a netip.Addr) (country string) {
	var most int64
	for o, n := range t.origins {
		if o.ip == a && (n > most || n == most && o.country < country) {
			country, most = o.country, n
		}
	}
	return country
}

// client returns the client of the most requests.
func (t *tally) client() (id record.SessionID) {
	var most int64
	for c, n := range t.clients {
		if n > most || n == most && bytes.Compare(c[:], id[:]) < 0 {
			id, most = c, n
		}
	}
	return id
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
	return most, t.known("ip")
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
