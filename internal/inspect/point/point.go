// Package point addresses single values in an exchange and reads them out of its
// raw parts: one file per format, each a scanner that neither allocates nor
// trusts what it reads. It is pure: no state, no clock, no I/O.
//
// A point in its canonical text form:
//
//	point = side "." step { "." step }          side = "request" | "response"
//	step  = name { "[" ( string | index | "*" ) "]" }
//
// Parse reads it, Compile puts any number of points into one tree, and the
// Extractor walks that tree along an exchange: a body is read once, however many
// points ask, and not at all when none does.
//
// A new format is one file with its grammar (a format) and its reader, one test
// file of the same name with a table, a fuzz target and a benchmark, and one line
// in the list in format.go.
package point

import (
	"net/textproto"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Point is the address of one value (or, with All, of several) in an exchange.
type Point struct {
	Side  Side
	Steps []Step
}

// Side says which half of an exchange a point looks at.
type Side string

// The sides of an exchange.
const (
	Request  Side = "request"
	Response Side = "response"
)

// Step goes from a value into its parts: to a format, and by keys into it.
type Step struct {
	Name string // header, cookie, query, jwt, payload, …
	Keys []Key
}

// Key selects a member by name, an element by index, or all of them.
type Key struct {
	Name  string
	Index int // from 0; counts when By is ByIndex
	By    KeyKind
}

// KeyKind says what a Key selects by.
type KeyKind uint8

// The kinds of keys.
const (
	ByName KeyKind = iota
	ByIndex
	All
)

// Masked is shown in place of a value that must not be kept.
const Masked = "[masked]"

// Header is the point of a request header.
func Header(name string) Point {
	return of("header", textproto.CanonicalMIMEHeaderKey(name))
}

// Cookie is the point of a request cookie.
func Cookie(name string) Point { return of("cookie", name) }

// Query is the point of a query parameter.
func Query(name string) Point { return of("query", name) }

// PathParameter is the point of a parameter in any path segment, as in
// /cart;jsessionid=1 (RFC 3986 §3.3).
func PathParameter(name string) Point {
	p := of("path")
	p.Steps = append(p.Steps, step("parameter", name))
	return p
}

// IP is the point of the client's address.
func IP() Point { return of("ip") }

// JWTPayload is the point of a claim in the JWT that p holds.
func (p Point) JWTPayload(claim string) Point {
	return p.then(Step{Name: "jwt"}, step("payload", claim))
}

// BasicUser is the point of the user name in the Basic credentials that p holds.
func (p Point) BasicUser() Point {
	return p.then(Step{Name: "basic"}, Step{Name: "user"})
}

// String prints the canonical text form.
func (p Point) String() string {
	var buf [128]byte
	b := append(buf[:0], p.Side...)
	for _, s := range p.Steps {
		b = append(append(b, '.'), s.Name...)
		for _, k := range s.Keys {
			b = k.append(b)
		}
	}
	return string(b)
}

func (k Key) append(b []byte) []byte {
	b = append(b, '[')
	switch k.By {
	case ByIndex:
		b = strconv.AppendInt(b, int64(k.Index), 10)
	case All:
		b = append(b, '*')
	default:
		// The error tells of invalid UTF-8, which is printed as U+FFFD.
		b, _ = jsontext.AppendQuote(b, k.Name)
	}
	return append(b, ']')
}

func of(name string, keys ...string) Point {
	return Point{Side: Request, Steps: []Step{step(name, keys...)}}
}

func step(name string, keys ...string) Step {
	s := Step{Name: name, Keys: make([]Key, len(keys))}
	for i, k := range keys {
		s.Keys[i].Name = k
	}
	return s
}

func (p Point) then(steps ...Step) Point {
	p.Steps = append(append([]Step(nil), p.Steps...), steps...)
	return p
}
