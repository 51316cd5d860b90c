package inspect

import (
	"net/netip"
	"strings"

	"sojourn/internal/exchange"
)

// maxHops is how many addresses of a forwarding header are read, from the right.
const maxHops = 64

// clientAddress finds who sent x: what the source knows for sure; else the
// rightmost address in the policy's header that is not a trusted proxy, when the
// connection came from one; else the connection's. No other header is read.
//
// A source that cannot tell the connection (a HAR file) is taken for a trusted
// proxy, because the operator named the header. When every address is trusted,
// the leftmost is the client. An element that is no address ends the search:
// what stands left of it cannot be trusted.
func (r *rules) clientAddress(x *exchange.Exchange) netip.Addr {
	if x.Client.IsValid() {
		return plainAddress(x.Client)
	}
	nearest := plainAddress(x.Peer)
	if r.header == "" || nearest.IsValid() && !r.trusts(nearest) {
		return nearest
	}
	lines := x.Header[r.header]
	for hops := 0; len(lines) > 0; lines = lines[:len(lines)-1] {
		for line, more := lines[len(lines)-1], true; more; hops++ {
			element := line
			comma := strings.LastIndexByte(line, ',')
			if more = comma >= 0; more {
				line, element = line[:comma], line[comma+1:]
			}
			addr := r.element(element)
			if !addr.IsValid() || hops == maxHops {
				return nearest
			}
			if nearest = addr; !r.trusts(addr) {
				return addr
			}
		}
	}
	return nearest
}

func (r *rules) trusts(addr netip.Addr) bool {
	for _, p := range r.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// element reads one element of a forwarding header: an address with a port or
// without, or, in Forwarded (RFC 7239), its for parameter.
func (r *rules) element(s string) netip.Addr {
	if r.header == "Forwarded" {
		s = forParameter(s)
	}
	s = strings.Trim(s, " \t\"")
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return plainAddress(addr)
	}
	if port, err := netip.ParseAddrPort(s); err == nil {
		return plainAddress(port.Addr())
	}
	return netip.Addr{}
}

func forParameter(element string) string {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(pair, "=")
		if strings.EqualFold(strings.Trim(name, " \t"), "for") {
			return value
		}
	}
	return ""
}

// plainAddress takes the IPv6 clothes off an IPv4 address, and the zone off any.
func plainAddress(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
