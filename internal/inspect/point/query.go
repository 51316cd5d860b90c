package point

import "strings"

// MaxQueryBytes is how much of a query string is read.
const MaxQueryBytes = 64 << 10

// Parameter is one name=value pair as it is on the wire; Unescape decodes its
// parts. Assigned tells a= from a bare a.
type Parameter struct {
	Name, Value string
	Assigned    bool
}

func parameterOf(pair string) Parameter {
	if eq := strings.IndexByte(pair, '='); eq >= 0 {
		return Parameter{Name: pair[:eq], Value: pair[eq+1:], Assigned: true}
	}
	return Parameter{Name: pair}
}

// QueryParameters scans a query string, split by & (WHATWG URL §5.1). The zero
// value scans nothing.
type QueryParameters struct {
	// Cut is set when there was more than MaxQueryBytes.
	Cut bool

	rest string
}

// ScanQuery begins a scan of a query string, given without its question mark.
func ScanQuery(query string) QueryParameters {
	if len(query) > MaxQueryBytes {
		// The parameter that is cut in two is not read either.
		return QueryParameters{rest: query[:strings.LastIndexByte(query[:MaxQueryBytes], '&')+1], Cut: true}
	}
	return QueryParameters{rest: query}
}

// Next returns the next parameter; ok is false at the end. Its strings are parts
// of the query.
func (q *QueryParameters) Next() (p Parameter, ok bool) {
	for q.rest != "" {
		pair := q.rest
		if end := strings.IndexByte(q.rest, '&'); end >= 0 {
			pair, q.rest = q.rest[:end], q.rest[end+1:]
		} else {
			q.rest = ""
		}
		if pair != "" {
			return parameterOf(pair), true
		}
	}
	return Parameter{}, false
}

// Unescape decodes %XX, and + as a blank, as application/x-www-form-urlencoded
// has it. What is no valid triplet stays. It allocates only when there is
// something to decode.
func Unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	return string(AppendUnescaped(make([]byte, 0, len(s)), s, true))
}

// AppendUnescaped appends s to b, decoded; plus says whether + is a blank.
func AppendUnescaped[T string | []byte](b []byte, s T, plus bool) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			c = byte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			i += 2
		case c == '+' && plus:
			c = ' '
		}
		b = append(b, c)
	}
	return b
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

var queryFormat = format{name: "query", side: Request, place: inHead, keys: nestedKeys, numeric: true, read: readQuery}

// readQuery yields the parameters of the query string.
func readQuery(r *run, n *node, _ []byte) {
	scan := ScanQuery(r.x.Query)
	if scan.Cut {
		r.limit("query", LimitQueryBytes)
	}
	r.parameters("query", n, &scan, nil)
}
