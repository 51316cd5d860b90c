package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

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

// never adds what no request meets.
func (c *condition) never() {
	c.nothing = true
	c.and("false")
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

// compile turns f into a condition on one day. store.Filter.Match defines what it
// means; values of dictionaries are matched here, in Go, by the same functions.
func compile(ctx context.Context, tx *sql.Tx, date record.Day, f *store.Filter) (*condition, error) {
	c := &condition{}
	if f.From > date.Start() {
		c.and("started >= ?", int64(f.From))
	}
	if f.To != 0 && f.To < (date+1).Start() {
		c.and("started < ?", int64(f.To))
	}
	if f.Session != nil {
		c.and("session = CAST(? AS UUID)", f.Session.String())
	}
	if f.Request != nil {
		c.and("started = ? AND node = ? AND seq = ?", int64(f.Request.At), f.Request.Node, f.Request.Seq)
	}
	c.statuses(f.Statuses)
	c.networks(f.IPs)
	for _, d := range []struct {
		dict   int
		wanted []string
		match  func(entry) bool
	}{
		{dictApplication, f.Applications, func(e entry) bool { return anyOf(f.Applications, e[0], equal) }},
		{dictHost, f.Hosts, func(e entry) bool { return anyOf(f.Hosts, e[0], store.Glob) }},
		{dictEndpoint, f.Methods, func(e entry) bool { return anyOf(f.Methods, e[0], equal) }},
		{dictAgent, f.UserAgents, func(e entry) bool { return anyOf(f.UserAgents, e[0], equal) }},
		{dictGrouping, f.Keys, func(e entry) bool { return anyOf(f.Keys, e[0], equal) }},
	} {
		if len(d.wanted) == 0 {
			continue
		}
		codes, err := matchCodes(ctx, tx, dictionaries[d.dict], d.match)
		if err != nil {
			return nil, err
		}
		if !codes.all {
			c.and(codes.in(dictionaries[d.dict].codeColumn()), codes.args()...)
		}
		c.nothing = c.nothing || codes.none()
	}
	for _, d := range []struct {
		dict   int
		text   string
		wanted []string
	}{
		{dictPlace, "country", f.Countries},
		{dictPlace, "network", f.Networks},
		{dictPerson, "user_name", f.Users},
		{dictPerson, "role", f.Roles},
		{dictMessage, "graphql_operation", f.Operations},
		{dictMessage, "mcp_server", f.MCPServers},
	} {
		if err := c.coded(ctx, tx, d.dict, d.text+" = ?", d.wanted); err != nil {
			return nil, err
		}
	}
	if err := c.messages(ctx, tx, "mcp_method", moreMethod, f.MCPMethods); err != nil {
		return nil, err
	}
	if err := c.messages(ctx, tx, "mcp_name", moreName, f.MCPNames); err != nil {
		return nil, err
	}
	for _, alternatives := range store.ByName(f.Context) {
		var signs []string
		for _, v := range alternatives {
			if utf8.ValidString(v.Name) && utf8.ValidString(v.Value) {
				signs = append(signs, contextSign(v.Name, v.Value))
			}
		}
		if len(signs) == 0 {
			c.never()
		}
		if err := c.coded(ctx, tx, dictContext, "contains(context, ?)", signs); err != nil {
			return nil, err
		}
	}
	return c, c.endpoints(ctx, tx, f.Endpoints)
}

// coded adds that the texts of a dictionary meet clause for one of wanted; no
// wanted, no condition.
func (c *condition) coded(ctx context.Context, tx *sql.Tx, dict int, clause string, wanted []string) error {
	if len(wanted) == 0 {
		return nil
	}
	codes, args, err := codesOf(ctx, tx, dict, clause, wanted)
	switch {
	case err != nil:
		return err
	case codes == noCodes:
		c.never()
	default:
		c.and(codes, args...)
	}
	return nil
}

// noCodes is the clause about codes that no row meets.
const noCodes = "false"

// codesOf returns, as a clause about the rows, that the texts of a dictionary meet
// clause for one of wanted. DuckDB looks through the dictionary, which may be
// large. A few codes are written into the query, where they spare blocks of rows.
func codesOf(ctx context.Context, tx *sql.Tx, dict int, clause string, wanted []string) (string, []any, error) {
	var clauses []string
	var args []any
	for _, w := range wanted {
		if utf8.ValidString(w) { // no other text is kept
			clauses, args = append(clauses, clause), append(args, w)
		}
	}
	if len(clauses) == 0 {
		return noCodes, nil, nil
	}
	column := dictionaries[dict].codeColumn()
	query := "SELECT code FROM " + dictionaries[dict].table + " WHERE " + strings.Join(clauses, " OR ")
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("%s LIMIT %d", query, maxCodesInText+1), args...)
	if err != nil {
		return "", nil, err
	}
	defer rows.Close()
	var found codeSet
	for rows.Next() {
		var code uint32
		if err := rows.Scan(&code); err != nil {
			return "", nil, err
		}
		found.codes = append(found.codes, code)
	}
	if len(found.codes) > maxCodesInText {
		return column + " IN (" + query + ")", args, rows.Err()
	}
	return found.in(column), nil, rows.Err()
}

func equal(a, b string) bool { return a == b }

func anyOf(wanted []string, v string, match func(wanted, v string) bool) bool {
	for _, w := range wanted {
		if match(w, v) {
			return true
		}
	}
	return false
}

func (c *condition) statuses(ranges []store.StatusRange) {
	if len(ranges) == 0 {
		return
	}
	var clauses []string
	var args []any
	for _, r := range ranges {
		clauses = append(clauses, "status BETWEEN ? AND ?")
		args = append(args, int64(r.Low), int64(r.High))
	}
	c.anyOf(clauses, args)
}

// networks compares addresses as 16 bytes. An IPv6 network does not hold IPv4
// addresses, though those lie in its range when it is as wide as ::/0.
func (c *condition) networks(prefixes []netip.Prefix) {
	if len(prefixes) == 0 {
		return
	}
	var clauses []string
	var args []any
	for _, p := range prefixes {
		p = p.Masked()
		if !p.IsValid() || p.Addr().Is4In6() {
			continue // no address is kept that way
		}
		first := p.Addr().As16()
		last := first
		for bit := 128 - p.Addr().BitLen() + p.Bits(); bit < 128; bit++ {
			last[bit/8] |= 0x80 >> (bit % 8)
		}
		clause := "ip BETWEEN CAST(? AS UUID) AND CAST(? AS UUID)"
		if p.Addr().Is6() && p.Contains(mapped.Addr()) {
			clause += " AND ip NOT BETWEEN " + firstMapped + " AND " + lastMapped
		}
		clauses = append(clauses, clause)
		args = append(args, record.SessionID(first).String(), record.SessionID(last).String())
	}
	c.anyOf(clauses, args)
}

// mapped is where IPv4 addresses lie among those of IPv6.
var mapped = netip.MustParsePrefix("::ffff:0:0/96")

const (
	firstMapped = "'00000000-0000-0000-0000-ffff00000000'::UUID"
	lastMapped  = "'00000000-0000-0000-0000-ffffffffffff'::UUID"
)

// anyOf adds alternatives; none means that nothing can match.
func (c *condition) anyOf(clauses []string, args []any) {
	if len(clauses) == 0 {
		c.nothing = true
		return
	}
	c.and("("+strings.Join(clauses, ") OR (")+")", args...)
}

// endpoints adds patterns as store.MatchEndpoint reads them: those with a space
// are about method and endpoint, the others also about the path as it came.
func (c *condition) endpoints(ctx context.Context, tx *sql.Tx, patterns []string) error {
	if len(patterns) == 0 {
		return nil
	}
	codes, err := matchCodes(ctx, tx, dictionaries[dictEndpoint], func(e entry) bool {
		return anyOf(patterns, "", func(p, _ string) bool { return store.MatchEndpoint(p, e[0], e[1], e[1]) })
	})
	if err != nil {
		return err
	}
	if codes.all {
		return nil
	}
	clauses, args := []string{codes.in("endpoint")}, codes.args()
	for _, p := range patterns {
		p = strings.ToLower(p)
		switch {
		case strings.Contains(p, " "):
			continue
		case strings.ContainsAny(p, "*?"):
			clauses = append(clauses, `lower(path) LIKE ? ESCAPE '\'`)
			args = append(args, likeOf(p))
		default:
			clauses = append(clauses, "contains(lower(path), ?)")
			args = append(args, p)
		}
	}
	c.nothing = c.nothing || len(clauses) == 1 && codes.none()
	c.anyOf(clauses, args)
	return nil
}

// likeOf turns a glob into a LIKE pattern with \ as its escape.
func likeOf(glob string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%", "?", "_").Replace(glob)
}

// codeSet is the codes of the values of a dictionary that a filter wants.
type codeSet struct {
	codes []uint32
	all   bool // every value of the dictionary is wanted: there is nothing to ask
}

// maxCodesInText is how many codes are written into a query; more are bound as a
// list and joined, which prunes less but parses faster.
const maxCodesInText = 256

// matchCodes looks at every value of a dictionary.
func matchCodes(ctx context.Context, tx *sql.Tx, d dictionary, match func(entry) bool) (codeSet, error) {
	set := codeSet{all: true}
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("SELECT code, %s FROM %s", strings.Join(d.texts, ", "), d.table))
	if err != nil {
		return set, err
	}
	defer rows.Close()
	for rows.Next() {
		var code uint32
		var e entry
		if err := rows.Scan(e.into(&code, len(d.texts))...); err != nil {
			return set, err
		}
		if match(e) {
			set.codes = append(set.codes, code)
		} else {
			set.all = false
		}
	}
	return set, rows.Err()
}

func (s codeSet) none() bool { return len(s.codes) == 0 }

func (s codeSet) in(column string) string {
	switch {
	case s.none():
		return noCodes
	case len(s.codes) > maxCodesInText:
		return column + " IN (SELECT unnest(CAST(? AS UINTEGER[])))"
	}
	var b strings.Builder
	b.WriteString(column + " IN (")
	for i, code := range s.codes {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(code), 10))
	}
	return b.String() + ")"
}

func (s codeSet) args() []any {
	if len(s.codes) <= maxCodesInText {
		return nil
	}
	return []any{s.codes}
}
