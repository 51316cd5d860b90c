package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// texts says where a field of texts is kept in a dictionary.
type texts struct {
	dict   int
	column string // of the dictionary; "" when its texts are more than the values
}

var textFields = map[string]texts{
	"application": {dictApplication, "application"}, "host": {dictHost, "host"},
	"method": {dictEndpoint, "method"}, "flow": {dictEndpoint, ""},
	"user_agent": {dictAgent, "user_agent"}, "ja4": {dictAgent, "ja4"},
	"key": {dictGrouping, "key"}, "rung": {dictGrouping, "rung"}, "strength": {dictGrouping, "strength"},
	"blocked": {dictFlags, ""}, "flag": {dictFlags, ""},
	"country": {dictPlace, "country"}, "network": {dictPlace, "network"}, "anonymity": {dictPlace, "anonymity"},
	"user": {dictPerson, "user_name"}, "role": {dictPerson, "role"},
	"graphql_operation": {dictMessage, "graphql_operation"},
	"mcp_server":        {dictMessage, "mcp_server"},
	"mcp_client":        {dictMessage, "mcp_client"}, "mcp_generation": {dictMessage, "mcp_generation"},
}

// numberFields are the columns of the fields about numbers.
var numberFields = map[string]int{
	"status": colStatus, "duration": colDuration, "ttfb": colFirstByte, "request_bytes": colRequestBytes, "response_bytes": colResponseBytes,
}

// compileCondition turns c into SQL. A measure or an address that is not known
// meets no condition, and so every one that is negated.
func compileCondition(ctx context.Context, tx *sql.Tx, c *store.Condition) (expression, error) {
	e, err := compilePositive(ctx, tx, c)
	if c.Not {
		e = e.not()
	}
	return e, err
}

func compilePositive(ctx context.Context, tx *sql.Tx, c *store.Condition) (expression, error) {
	name := c.Field.Name
	if in, ok := textFields[name]; ok {
		if in.column == "" {
			return matchCodes(ctx, tx, dictionaries[in.dict], matchEntry(in.dict, c))
		}
		return findCodes(ctx, tx, dictionaries[in.dict], textExpression(in.column, c))
	}
	if col, ok := numberFields[name]; ok {
		return ranges(requestColumns[col].name, c.Ranges), nil
	}
	switch name {
	case "mcp_method":
		return findCodes(ctx, tx, dictionaries[dictMessage], messageExpression(name, moreMethod, c))
	case "mcp_name":
		return findCodes(ctx, tx, dictionaries[dictMessage], messageExpression(name, moreName, c))
	case "endpoint":
		return endpoints(ctx, tx, c)
	case "context":
		return findCodes(ctx, tx, dictionaries[dictContext], contextExpression(c))
	case "attack":
		return attackExpression(c.Texts), nil
	case "ip":
		return networks(c.Addresses), nil
	case "client":
		return clients(c.Texts), nil
	case "accepted":
		return anyOf(eachText(c.Texts, "accepted = (? = 'true')")...), nil
	case "mcp_trace":
		return anyOf(eachText(c.Texts, "trace = ?")...), nil
	}
	return expression{}, fmt.Errorf("bug: the field %s is in no column", name)
}

// eachText returns an expression for each text, which must be UTF-8: no other is kept.
func eachText(texts []string, sql string) (all []expression) {
	for _, t := range texts {
		if utf8.ValidString(t) {
			all = append(all, expression{sql: sql, args: []any{t}})
		}
	}
	return all
}

// textExpression is c over a column of a dictionary.
func textExpression(column string, c *store.Condition) expression {
	all := eachText(c.Texts, column+" = ?")
	if c.Field.Kind == store.KindGlob {
		for _, t := range c.Texts {
			if utf8.ValidString(t) && strings.ContainsAny(t, "*?") {
				all = append(all, globExpression(column, t))
			}
		}
	}
	return anyOf(all...)
}

// globExpression holds a text against a glob. RE2 takes time linear in the text,
// where LIKE tries every way to lay out the stars: with a few of them and a hostile
// path that has no end, and nothing interrupts it.
func globExpression(text, glob string) expression {
	pattern := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(glob))
	return expression{sql: "regexp_full_match(" + text + ", ?, 's')", args: []any{pattern}}
}

// contextExpression is c over the texts of contexts, see contextText. The empty
// value is also that of a parameter that is not there.
func contextExpression(c *store.Condition) expression {
	if !utf8.ValidString(c.Parameter) {
		if slices.Contains(c.Texts, "") {
			return expression{truth: always}
		}
		return expression{truth: never}
	}
	var all []expression
	for _, t := range c.Texts {
		if utf8.ValidString(t) {
			all = append(all, expression{sql: "contains(context, ?)", args: []any{contextSign(c.Parameter, t)}})
		}
		if t == "" {
			all = append(all, expression{sql: "contains(context, ?)", args: []any{contextName(c.Parameter)}}.not())
		}
	}
	return anyOf(all...)
}

// attackExpression finds requests by the types of attack among their findings.
func attackExpression(types []string) expression {
	const found = "started IN (SELECT started FROM findings WHERE attack%[1]s) AND " +
		"(started, node, seq) IN (SELECT (started, node, seq) FROM findings WHERE attack%[1]s)"
	var all []expression
	for _, e := range eachText(types, fmt.Sprintf(found, " AND type = ?")) {
		all = append(all, expression{sql: e.sql, args: []any{e.args[0], e.args[0]}})
		if e.args[0] == "" {
			all = append(all, expression{sql: fmt.Sprintf(found, "")}.not())
		}
	}
	return anyOf(all...)
}

func clients(texts []string) expression {
	var all []expression
	for _, t := range texts {
		if id, err := record.ParseSessionID(t); err == nil && id.String() == t {
			all = append(all, expression{sql: "client = CAST(? AS UUID)", args: []any{t}})
		}
	}
	return anyOf(all...)
}

// ranges compares a column that may be NULL.
func ranges(column string, wanted []store.Range) expression {
	var all []expression
	for _, r := range wanted {
		all = append(all, expression{sql: column + " BETWEEN ? AND ?", args: []any{r.Low, r.High}})
	}
	return known(column, anyOf(all...))
}

// known makes an expression over a column false where the column is NULL.
func known(column string, e expression) expression {
	if e.truth == sometimes {
		e.sql = "(" + e.sql + ") AND " + column + " IS NOT NULL"
	}
	return e
}

// networks compares addresses as 16 bytes. An IPv6 network does not hold IPv4
// addresses, though those lie in its range when it is as wide as ::/0.
func networks(prefixes []netip.Prefix) expression {
	var all []expression
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
		all = append(all, expression{sql: clause, args: []any{record.SessionID(first).String(), record.SessionID(last).String()}})
	}
	return known("ip", anyOf(all...))
}

// mapped is where IPv4 addresses lie among those of IPv6.
var mapped = netip.MustParsePrefix("::ffff:0:0/96")

const (
	firstMapped = "'00000000-0000-0000-0000-ffff00000000'::UUID"
	lastMapped  = "'00000000-0000-0000-0000-ffffffffffff'::UUID"
)

// endpoints compiles patterns as store.MatchEndpoint reads them: those with a
// space are about method and endpoint, the others also about the path as it came.
func endpoints(ctx context.Context, tx *sql.Tx, c *store.Condition) (expression, error) {
	byCode, err := matchCodes(ctx, tx, dictionaries[dictEndpoint], func(e entry) bool {
		return slices.ContainsFunc(c.Texts, func(p string) bool { return store.MatchEndpoint(p, e[0], e[1], e[1]) })
	})
	if err != nil {
		return expression{}, err
	}
	all := []expression{byCode}
	for _, p := range c.Texts {
		p = strings.ToLower(p)
		switch {
		case strings.Contains(p, " ") || !utf8.ValidString(p):
		case strings.ContainsAny(p, "*?"):
			all = append(all, globExpression("lower(path)", p))
		default:
			all = append(all, expression{sql: "contains(lower(path), ?)", args: []any{p}})
		}
	}
	return anyOf(all...), nil
}

// maxCodesInText is how many codes are written into a query, where they spare
// blocks of rows; more are looked up again by the query or bound as a list.
const maxCodesInText = 256

// matchEntry returns whether an entry of a dictionary meets c, by what c means
// for a request.
func matchEntry(dict int, c *store.Condition) func(entry) bool {
	positive := *c
	positive.Not = false
	return func(e entry) bool {
		var r record.Request
		return setEntry(dict, &r, e) == nil && positive.Match(&r)
	}
}

// matchCodes finds the requests whose entry in a dictionary matches. It looks at
// every entry here, so it is for dictionaries that are small.
func matchCodes(ctx context.Context, tx *sql.Tx, d dictionary, match func(entry) bool) (expression, error) {
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("SELECT code, %s FROM %s", strings.Join(d.texts, ", "), d.table))
	if err != nil {
		return expression{}, err
	}
	defer rows.Close()
	var found codeSet
	all := true
	for rows.Next() {
		var code uint32
		var e entry
		if err := rows.Scan(e.into(&code, len(d.texts))...); err != nil {
			return expression{}, err
		}
		if match(e) {
			found.codes = append(found.codes, code)
		} else {
			all = false
		}
	}
	if all {
		return expression{truth: always}, rows.Err()
	}
	return found.expression(d.codeColumn()), rows.Err()
}

// findCodes finds the requests whose entry in a dictionary meets e. DuckDB looks
// through the dictionary, which may be large.
func findCodes(ctx context.Context, tx *sql.Tx, d dictionary, e expression) (expression, error) {
	if e.truth != sometimes {
		return e, nil
	}
	query := "SELECT code FROM " + d.table + " WHERE " + e.sql
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("%s LIMIT %d", query, maxCodesInText+1), e.args...)
	if err != nil {
		return e, err
	}
	defer rows.Close()
	var found codeSet
	for rows.Next() {
		var code uint32
		if err := rows.Scan(&code); err != nil {
			return e, err
		}
		found.codes = append(found.codes, code)
	}
	if len(found.codes) > maxCodesInText {
		return expression{sql: d.codeColumn() + " IN (" + query + ")", args: e.args}, rows.Err()
	}
	return found.expression(d.codeColumn()), rows.Err()
}

// codeSet is some codes of a dictionary.
type codeSet struct{ codes []uint32 }

func (s codeSet) expression(column string) expression {
	if len(s.codes) == 0 {
		return expression{truth: never}
	}
	return expression{sql: s.in(column), args: s.args()}
}

// in is the condition that a column holds one of the codes, with args.
func (s codeSet) in(column string) string {
	switch {
	case len(s.codes) == 0:
		return "false"
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
