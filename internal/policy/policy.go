// Package policy is the operator's document: its types, its strict YAML form and
// its validation. It is data only; each room compiles the part it executes.
package policy

import (
	"fmt"
	"net/netip"
	"net/url"
)

// Policy is the whole document, decoded and validated. It is immutable: a
// change makes a new one.
type Policy struct {
	Version       int           `yaml:"version" json:"version"`
	Applications  []Application `yaml:"applications" json:"applications,omitempty"`
	Capture       Capture       `yaml:"capture" json:"capture,omitzero"`
	ClientAddress ClientAddress `yaml:"client_address" json:"client_address,omitzero"`
	Session       Session       `yaml:"session" json:"session,omitzero"`
	Masks         []Mask        `yaml:"masks" json:"masks,omitempty"`
	MCP           []MCPServer   `yaml:"mcp" json:"mcp,omitempty"`
	JWKS          Sources       `yaml:"jwks" json:"jwks,omitempty"`
	Retention     Retention     `yaml:"retention" json:"retention,omitzero"`

	from origin // after the fields of the document
}

// origin is where a policy was read, so that what compiles it can tell the line
// of a problem.
type origin struct {
	file  string
	lines map[string]int // by field
}

// Problem returns an *Error about a field such as session.parameters[0].point,
// with the line it was read from. It is for rooms that compile their part.
func (p *Policy) Problem(field, format string, args ...any) *Error {
	d := decoder{file: p.from.file, lines: p.from.lines}
	return &Error{d.file, d.line(field), field, fmt.Sprintf(format, args...)}
}

// Application is the operator's name for a set of hosts and paths. The longest
// matching path prefix wins; among equals the more exact host, then the order.
type Application struct {
	Name      string    `yaml:"name" json:"name"`
	Hosts     []string  `yaml:"hosts" json:"hosts,omitempty"`       // globs, without port; empty: any
	Paths     []string  `yaml:"paths" json:"paths,omitempty"`       // prefixes; empty: "/"
	Upstream  string    `yaml:"upstream" json:"upstream,omitempty"` // http:// or https:// URL; empty: the --upstream flag
	Mode      Mode      `yaml:"mode" json:"mode,omitempty"`
	OnFailure OnFailure `yaml:"on_failure" json:"on_failure,omitempty"`
}

// DefaultApplication names what no application matches.
const DefaultApplication = "default"

// UpstreamURL returns Upstream parsed; nil when the application names none.
// A validated policy holds only URLs that parse.
func (a *Application) UpstreamURL() *url.URL {
	if a.Upstream == "" {
		return nil
	}
	u, err := url.Parse(a.Upstream)
	if err != nil {
		panic("bug: policy not validated: " + err.Error())
	}
	return u
}

// Mode says what is done with an application's traffic.
type Mode string

const (
	// ModeOff passes traffic on without looking at it; nothing is recorded.
	ModeOff Mode = "off"
	// ModeMonitor records and never blocks. It is the default.
	ModeMonitor Mode = "monitor"
	// ModeBlock records and enforces verdicts.
	ModeBlock Mode = "block"
)

// OnFailure says what happens to an exchange when Sojourn itself fails.
type OnFailure string

// Pass lets the exchange through; it is the default, and so far the only choice.
const Pass OnFailure = "pass"

// Capture says what is recorded.
type Capture struct {
	Exclude   []Exclude `yaml:"exclude" json:"exclude,omitempty"`
	KeepQuery KeepQuery `yaml:"keep_query" json:"keep_query,omitempty"`
}

// Exclude leaves out requests for which all its conditions hold; they are
// counted, not recorded. Alternatives within a condition are or-ed. All are
// globs with * and ?, without regard to case for hosts and methods.
type Exclude struct {
	Hosts   []string `yaml:"hosts" json:"hosts,omitempty"`
	Methods []string `yaml:"methods" json:"methods,omitempty"`
	Paths   []string `yaml:"paths" json:"paths,omitempty"`
}

// KeepQuery says how much of a query string is kept.
type KeepQuery string

const (
	// KeepQueryValues keeps names and values, secret values masked. The default.
	KeepQueryValues KeepQuery = "values"
	// KeepQueryNames keeps names only.
	KeepQueryNames KeepQuery = "names"
	// KeepQueryNone keeps nothing.
	KeepQueryNone KeepQuery = "none"
)

// ClientAddress says how the client's address is found behind proxies: the
// rightmost address in Header that is not itself a trusted proxy, and only when
// the connection came from one. No other header is ever read.
//
// FingerprintHeader is where a trusted proxy that terminates TLS writes the JA4 of
// the client, such as X-JA4. It counts only when the connection came from one, and
// Sojourn has no TLS handshake of its own to look at.
type ClientAddress struct {
	Header            string         `yaml:"header" json:"header,omitempty"`                         // empty: the connection's address
	FingerprintHeader string         `yaml:"fingerprint_header" json:"fingerprint_header,omitempty"` // empty: none is read
	TrustedProxies    []netip.Prefix `yaml:"trusted_proxies" json:"trusted_proxies,omitempty"`
}

// Retention is how long days are kept.
type Retention struct {
	Days  int  `yaml:"days" json:"days,omitempty"`  // UTC days, today included; 0: not set
	Bytes Size `yaml:"bytes" json:"bytes,omitzero"` // budget of all days; 0: none
}

// Size is a number of bytes, written as 50GiB, 10MB or a plain number.
type Size int64
