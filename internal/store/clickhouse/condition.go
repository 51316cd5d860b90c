package clickhouse

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// compiler turns filters into SQL over the table of requests. No expression of it
// is ever NULL, so that NOT is the opposite.
type compiler struct {
	s *Store
	f *store.Filter
}

// Conditions on every row that the measures share.
const (
	isError   = "(status BETWEEN 400 AND 599)"
	isBlocked = "has(flags, '" + string(record.FlagBlocked) + "')"
)

// inRange says that a request started in the filter's time range.
func (c compiler) inRange() []string {
	var all []string
	if c.f.From != 0 {
		all = append(all, fmt.Sprintf("day >= %d AND started >= %d", c.f.From.Day(), c.f.From))
	}
	if c.f.To != 0 {
		all = append(all, fmt.Sprintf("day <= %d AND started < %d", (c.f.To-1).Day(), c.f.To))
	}
	return all
}

// passes says that a request passes the filter, but for Has.
func (c compiler) passes() []string {
	all := c.inRange()
	if c.f.Session != nil {
		all = append(all, "session = "+sessionID(*c.f.Session))
	}
	if id := c.f.Request; id != nil {
		all = append(all, fmt.Sprintf("day = %d AND started = %d AND node = %d AND seq = %d", id.At.Day(), id.At, id.Node, id.Seq))
	}
	for i := range c.f.Where {
		all = append(all, c.condition(&c.f.Where[i]))
	}
	return all
}

// has says that the session of a request passes Has.
func (c compiler) has() []string {
	var all []string
	for i := range c.f.Has {
		h := c.f.Has[i]
		h.Not = false
		in := "IN"
		if c.f.Has[i].Not {
			in = "NOT IN"
		}
		where := append([]string{isRequest}, c.inRange()...)
		if c.f.Session != nil {
			where = append(where, "session = "+sessionID(*c.f.Session))
		}
		all = append(all, fmt.Sprintf("session %s (SELECT session FROM %s WHERE %s)", in, c.s.table("requests"), allOf(append(where, c.condition(&h))...)))
	}
	return all
}

// isRequest tells requests from positions.
const isRequest = "kind = 0"

// requests says that a row is a request that passes all of the filter.
func (c compiler) requests() string {
	return allOf(slices.Concat([]string{isRequest}, c.passes(), c.has())...)
}

// attacked says that a request has an attack; of which types, unless there are none.
func (c compiler) attacked(types ...string) string {
	where := append([]string{"attack"}, c.inRange()...)
	if c.f.Session != nil {
		where = append(where, "session = "+sessionID(*c.f.Session))
	}
	if len(types) > 0 {
		where = append(where, "type IN ("+texts(types)+")")
	}
	return fmt.Sprintf("((started, node, seq) IN (SELECT started, node, seq FROM %s WHERE %s))", c.s.table("findings"), allOf(where...))
}

func (c compiler) condition(q *store.Condition) string {
	found := c.found(q)
	if q.Not {
		return "NOT " + found
	}
	return found
}

// found says that a request has one of the values, in brackets.
func (c compiler) found(q *store.Condition) string {
	switch q.Field.Kind {
	case store.KindNumber:
		return ranges(q)
	case store.KindAddress:
		return addresses(q.Addresses)
	case store.KindEndpoint:
		return endpoints(q.Texts)
	case store.KindContext:
		values := fmt.Sprintf("arrayExists((n, v) -> n = %s AND v IN (%s), context_names, context_values)", text(q.Parameter), texts(q.Texts))
		return c.orNone(q, values, "NOT has(context_names, "+text(q.Parameter)+")")
	case store.KindGlob:
		return globs(q.Field.Name, q.Texts)
	}
	switch q.Field.Name {
	case "attack":
		return c.orNone(q, c.attacked(q.Texts...), "NOT "+compiler{c.s, c.f}.attacked())
	case "flag":
		return c.orNone(q, "hasAny(flags, ["+texts(q.Texts)+"])", "empty(flags)")
	case "mcp_method", "mcp_name":
		all := q.Field.Name + "s"
		return c.orNone(q, "hasAny("+all+", ["+texts(q.Texts)+"])", "empty("+all+")")
	case "flow":
		return c.orNone(q, "hasAny("+flows+", ["+texts(q.Texts)+"])", "empty("+flows+")")
	case "blocked":
		return truth(isBlocked, q.Texts)
	case "accepted":
		return truth("accepted", q.Texts)
	case "client":
		return clients(q.Texts)
	}
	return "(" + column(q.Field) + " IN (" + texts(q.Texts) + "))"
}

// orNone adds that a request without any value has the empty one.
func (c compiler) orNone(q *store.Condition, found, none string) string {
	if slices.Contains(q.Texts, "") {
		return "(" + found + " OR " + none + ")"
	}
	return "(" + found + ")"
}

// column returns the column of a field that has one of its own.
func column(f *store.Field) string { return "`" + f.Name + "`" }

func truth(condition string, wanted []string) string {
	var all []string
	if slices.Contains(wanted, "true") {
		all = append(all, condition)
	}
	if slices.Contains(wanted, "false") {
		all = append(all, "NOT "+condition)
	}
	return anyOf(all)
}

func clients(wanted []string) string {
	var ids []string
	for _, v := range wanted {
		if id, err := record.ParseSessionID(v); err == nil && id.String() == v {
			ids = append(ids, sessionID(id))
		}
	}
	if len(ids) == 0 {
		return "0"
	}
	return "(client IN (" + strings.Join(ids, ", ") + "))"
}

func ranges(q *store.Condition) string {
	col := column(q.Field)
	var all []string
	for _, r := range q.Ranges {
		low := r.Low
		if q.Field.Name != "status" {
			low = max(low, 0) // below is unknown
		}
		switch {
		case low > r.High:
		case r.High == math.MaxInt64:
			all = append(all, fmt.Sprintf("%s >= %d", col, low))
		default:
			all = append(all, fmt.Sprintf("%s BETWEEN %d AND %d", col, low, r.High))
		}
	}
	return anyOf(all)
}

// addresses compares with blocks. IPv4 lies in its place of IPv6, where no IPv6
// block finds it.
func addresses(blocks []netip.Prefix) string {
	var all []string
	for _, p := range blocks {
		if !p.IsValid() {
			continue
		}
		p = p.Masked()
		low, bits := p.Addr().As16(), p.Bits()
		if p.Addr().Is4() {
			bits += 96
		}
		high := low
		for i := bits; i < 128; i++ {
			high[i/8] |= 1 << (7 - i%8)
		}
		in := fmt.Sprintf("ip BETWEEN %s AND %s", ipLiteral(low), ipLiteral(high))
		if p.Addr().Is6() {
			in += " AND NOT " + isIPv4
		}
		all = append(all, "("+in+")")
	}
	if len(all) == 0 {
		return "0"
	}
	return "(ip_known AND " + anyOf(all) + ")"
}

func ipLiteral(a [16]byte) string {
	return "toIPv6('" + netip.AddrFrom16(a).String() + "')"
}

const isIPv4 = "(ip BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'))"

func globs(name string, wanted []string) string {
	var exact, all []string
	for _, g := range wanted {
		if hasWildcard(g) {
			all = append(all, name+" LIKE "+like(g))
		} else {
			exact = append(exact, g)
		}
	}
	if len(exact) > 0 {
		all = append(all, name+" IN ("+texts(exact)+")")
	}
	return anyOf(all)
}

// The endpoint's texts in lower case.
const (
	lowerMethod   = "if(empty(lowered), lower(method), lowered[1])"
	lowerEndpoint = "if(empty(lowered), lower(endpoint), lowered[2])"
	lowerPath     = "if(empty(lowered), lower(path), lowered[3])"
)

// endpoints does what store.MatchEndpoint does.
func endpoints(patterns []string) string {
	var all []string
	for _, p := range patterns {
		p = strings.ToLower(p)
		switch {
		case strings.Contains(p, " "):
			all = append(all, fmt.Sprintf("concat(%s, ' ', %s) LIKE %s", lowerMethod, lowerEndpoint, like(p)))
		case hasWildcard(p):
			all = append(all, fmt.Sprintf("%s LIKE %s", lowerEndpoint, like(p)), fmt.Sprintf("%s LIKE %s", lowerPath, like(p)))
		case p == "":
			return "1"
		default:
			all = append(all, fmt.Sprintf("position(%s, %s) > 0", lowerEndpoint, text(p)), fmt.Sprintf("position(%s, %s) > 0", lowerPath, text(p)))
		}
	}
	return anyOf(all)
}

// flows lists the flows of a request's endpoint. The server's lower is that of ASCII.
var flows = func() string {
	var names, patterns []string
	for _, f := range store.Flows {
		names, patterns = append(names, f.Name), append(patterns, f.Pattern)
	}
	return fmt.Sprintf("arrayMap(i -> [%s][i], multiMatchAllIndices(lower(toString(endpoint)), [%s]))", texts(names), texts(patterns))
}()

// values returns what a request counts under for a field, as a text or, when many,
// as an array of at least one text. An address is its 32 hex digits. The types of
// attacks are the column of a join (attackTypes).
func values(f *store.Field, parameter string) (expression string, many bool) {
	var all string
	switch f.Name {
	case "status":
		return "toString(status)", false
	case "ip":
		return ipHex, false
	case "client":
		return "lower(hex(client))", false
	case "accepted", "blocked":
		return "if(" + map[string]string{"accepted": "accepted", "blocked": isBlocked}[f.Name] + ", 'true', 'false')", false
	case "endpoint":
		return "concat(method, ' ', endpoint)", false
	case "attack":
		all = "attack_types"
	case "flag":
		all = "arrayMap(v -> toString(v), flags)"
	case "flow":
		all = flows
	case "mcp_method", "mcp_name":
		all = "arrayMap(v -> toString(v), " + f.Name + "s)"
	case "context":
		all = fmt.Sprintf("arrayFilter((v, n) -> n = %s, context_values, context_names)", text(parameter))
	default:
		return "toString(" + column(f) + ")", false
	}
	return "emptyArrayToSingle(arrayDistinct(" + all + "))", true
}

// ipHex is the address in a form that sorts as addresses do, the unknown one first.
const ipHex = "if(ip_known, hex(reinterpret(ip, 'FixedString(16)')), '')"

// parseIPHex reads what ipHex gives.
func parseIPHex(s string) netip.Addr {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 16 {
		return netip.Addr{}
	}
	return netip.AddrFrom16([16]byte(b)).Unmap()
}

// attackTypes joins the types of a request's attacks to it, as attack_types.
func (c compiler) attackTypes() string {
	where := append([]string{"attack"}, c.inRange()...)
	if c.f.Session != nil {
		where = append(where, "session = "+sessionID(*c.f.Session))
	}
	return fmt.Sprintf("ANY LEFT JOIN (SELECT started, node, seq, groupUniqArray(toString(type)) AS attack_types FROM %s WHERE %s GROUP BY started, node, seq) AS attacks USING (started, node, seq)",
		c.s.table("findings"), allOf(where...))
}

// parseIPText reads an address as the server prints it.
func parseIPText(s string) netip.Addr {
	a, _ := netip.ParseAddr(s)
	return a.Unmap()
}
