// Package exchange is one HTTP request with its response while it passes through
// us: live, bounded, owned by one goroutine at a time.
//
// A source (the proxy, a connector, a file) fills an Exchange phase by phase and
// hands it to an Inspector. Sources never look inside an inspector and
// inspectors never act on the wire: the verdict goes back to the source.
package exchange

import (
	"net/http"
	"net/netip"
	"time"

	"sojourn/internal/record"
)

// Exchange is one request/response pair. The source owns it until it calls
// Inspector.End; from then on the inspector owns it, on one goroutine. Header
// maps are shared with the source and must not be changed by the inspector.
type Exchange struct {
	// Set by the source before Begin.

	ID      record.RequestID
	Started time.Time  // first byte of the request
	Peer    netip.Addr // who connected; zero when the source cannot tell
	Client  netip.Addr // the client where the source knows it for sure (a log's first field); zero: derive it from Peer and headers
	Method  string
	Scheme  string // "http" or "https"; empty when unknown
	Proto   string // "HTTP/1.1"
	Host    string // as the client sent it
	Path    string // as it came on the wire: not decoded, without query
	Query   string // as it came, without "?"
	Header  http.Header
	JA4     string // TLS fingerprint of the client, see SetJA4; empty when the source cannot tell
	// Fingerprint is what of the TLS fingerprint stays the same when a client
	// resumes a TLS session or offers other protocols; it goes with JA4.
	Fingerprint string

	// Set by Begin.

	// Capture says which bodies the inspection wants to see. The source tees
	// only those, up to their Limit, while they stream by.
	Capture Capture
	// Policy is whatever the inspector decided to keep from Begin to End, so that
	// one exchange is judged by one revision.
	Policy any

	// Set by the source before End.

	Status         int         // 0: no response
	ResponseHeader http.Header // nil when there was none
	RequestBody    Body
	ResponseBody   Body
	FirstByte      record.Measure // microseconds from Started
	Duration       record.Measure // microseconds from Started to the last byte
	RequestBytes   record.Measure // body bytes as they streamed
	ResponseBytes  record.Measure
	Flags          []record.Flag
}

// Capture says which bodies an inspection wants, and how much of each.
type Capture struct {
	Request, Response int // bytes; 0: none of it
}

// Flag adds f once.
func (x *Exchange) Flag(f record.Flag) {
	for _, have := range x.Flags {
		if have == f {
			return
		}
	}
	x.Flags = append(x.Flags, f)
}

// Inspector is what a source is handed. Its methods never panic and never
// block for long: whatever goes wrong inside is counted and the exchange passes.
type Inspector interface {
	// Begin is called once, when the request's head is complete and before
	// anything goes upstream, on the goroutine that owns x. The source enforces
	// the verdict when it is marked so.
	Begin(x *Exchange) record.Verdict
	// End is called once for every Begin, when the response's last byte went out
	// or the exchange failed. It passes the ownership of x.
	End(x *Exchange)
}
