package inspect

import (
	"strings"

	"sojourn/internal/exchange"
)

// setJA4 names the JA4 of the client where the source cannot tell it and the policy
// names a header for it: the last value of that header, when the connection came
// from a trusted proxy and the value is a JA4. What stands left of it came from
// whoever asked the proxy.
//
// As with the client's address, a source that cannot tell the connection (a HAR
// file) is taken for a trusted proxy, because the operator named the header.
func (r *rules) setJA4(x *exchange.Exchange) {
	if r.ja4Header == "" || x.JA4 != "" {
		return
	}
	if peer := plainAddress(x.Peer); peer.IsValid() && !r.trusts(peer) {
		return
	}
	if lines := x.Header[r.ja4Header]; len(lines) > 0 {
		last := lines[len(lines)-1]
		x.SetJA4(strings.Trim(last[strings.LastIndexByte(last, ',')+1:], " \t\""))
	}
}

// fingerprint is what of x's TLS counts for the network rung: nothing, unless the
// policy says so.
func (r *rules) fingerprint(x *exchange.Exchange) string {
	if !r.fingerprints {
		return ""
	}
	return x.Fingerprint
}
