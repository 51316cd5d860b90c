package identity

import (
	"net/netip"
)

// network is the lowest rung: who a request comes from, as far as the network
// and the client's own word tell.
type network struct {
	kind  int
	key   networkKey
	parts [3]string // address bytes, User-Agent, fingerprint
	n     int       // of parts that count
}

type networkKey struct{ name, point, note string }

// The kinds of network rungs, by what is known of a request. Each comes without the
// TLS fingerprint of the client and, networkFingerprint later, with it.
const (
	networkAddressAgent = iota
	networkAddress
	networkAgent
	networkUnknown
	networkFingerprint
	networkKinds = 2 * networkFingerprint
)

var networkKeys = [networkKinds]networkKey{
	networkAddressAgent: {"ip+user_agent", `request.ip + request.header["User-Agent"]`, "an IPv6 address counts as its /64"},
	networkAddress:      {"ip", `request.ip`, "when there is no User-Agent"},
	networkAgent:        {"user_agent", `request.header["User-Agent"]`, "when the source does not tell the address"},
	networkUnknown:      {"unknown", ``, "when neither is known; all such requests of an application share one session"},

	networkFingerprint + networkAddressAgent: {"ip+user_agent+ja4", `request.ip + request.header["User-Agent"] + request.ja4`, fingerprintNote},
	networkFingerprint + networkAddress:      {"ip+ja4", `request.ip + request.ja4`, fingerprintNote},
	networkFingerprint + networkAgent:        {"user_agent+ja4", `request.header["User-Agent"] + request.ja4`, fingerprintNote},
	networkFingerprint + networkUnknown:      {"unknown+ja4", `request.ja4`, fingerprintNote},
}

const fingerprintNote = "with session.fingerprint: true; of the JA4 counts what a resumed TLS session does not change"

// networkOf reads the network rung. An IPv6 address counts as its /64, which is
// what one subscriber gets; an IPv4 address in IPv6 form counts as IPv4.
func networkOf(r *Request) network {
	var n network
	known := r.IP.IsValid()
	if known {
		n.parts[0] = addressKey(r.IP)
	}
	if lines := r.Header["User-Agent"]; len(lines) > 0 {
		n.parts[1] = lines[0]
	}
	switch {
	case known && n.parts[1] != "":
		n.kind = networkAddressAgent
	case known:
		n.kind = networkAddress
	case n.parts[1] != "":
		n.kind = networkAgent
	default:
		n.kind = networkUnknown
	}
	n.n = 2
	if r.Fingerprint != "" {
		n.kind += networkFingerprint
		n.parts[2], n.n = r.Fingerprint, 3
	}
	n.key = networkKeys[n.kind]
	return n
}

// addressKey returns the bytes of an address that count: 4, or the first 8 of IPv6.
func addressKey(ip netip.Addr) string {
	ip = ip.Unmap()
	if ip.Is4() {
		b := ip.As4()
		return string(b[:])
	}
	b := ip.As16()
	return string(b[:8])
}
