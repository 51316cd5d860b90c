// Package policy is the operator's document: its types, its strict YAML form and
// its validation. It is data only; each room compiles the part it executes.
package policy

import (
	"net/netip"
	"net/url"
)

// Policy is the whole document, decoded and validated. It is immutable: a
// change makes a new one.
type Policy struct {
	Version       int           `yaml:"version"`
	Applications  []Application `yaml:"applications"`
	Capture       Capture       `yaml:"capture"`
	ClientAddress ClientAddress `yaml:"client_address"`
	Retention     Retention     `yaml:"retention"`
}

// Application is the operator's name for a set of hosts and paths. The longest
// matching path prefix wins; among equals the more exact host, then the order.
type Application struct {
	Name      string    `yaml:"name"`
	Hosts     []string  `yaml:"hosts"`    // globs, without port; empty: any
	Paths     []string  `yaml:"paths"`    // prefixes; empty: "/"
	Upstream  string    `yaml:"upstream"` // http:// or https:// URL; empty: the --upstream flag
	Mode      Mode      `yaml:"mode"`
	OnFailure OnFailure `yaml:"on_failure"`
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
	Exclude   []Exclude `yaml:"exclude"`
	KeepQuery KeepQuery `yaml:"keep_query"`
}

// Exclude leaves out requests for which all its conditions hold; they are
// counted, not recorded. Alternatives within a condition are or-ed. All are
// globs with * and ?, without regard to case for hosts and methods.
type Exclude struct {
	Hosts   []string `yaml:"hosts"`
	Methods []string `yaml:"methods"`
	Paths   []string `yaml:"paths"`
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
type ClientAddress struct {
	Header         string         `yaml:"header"` // empty: the connection's address
	TrustedProxies []netip.Prefix `yaml:"trusted_proxies"`
}

// Retention is how long days are kept.
type Retention struct {
	Days  int  `yaml:"days"`  // UTC days, today included; 0: not set
	Bytes Size `yaml:"bytes"` // budget of all days; 0: none
}

// Size is a number of bytes, written as 50GiB, 10MB or a plain number.
type Size int64
