package point

import (
	"net/netip"
	"strconv"
)

// The formats of what an exchange says about itself.
var (
	hostFormat     = format{name: "host", side: Request, place: inHead, keys: noKeys, read: readHost}
	methodFormat   = format{name: "method", side: Request, place: inHead, keys: noKeys, read: readMethod}
	schemeFormat   = format{name: "scheme", side: Request, place: inHead, keys: noKeys, read: readScheme}
	protocolFormat = format{name: "protocol", side: Request, place: inHead, keys: noKeys, read: readProtocol}
	ipFormat       = format{name: "ip", side: Request, place: inHead, keys: noKeys, read: readIP}
	ja4Format      = format{name: "ja4", side: Request, place: inHead, keys: noKeys, read: readJA4}
	statusFormat   = format{name: "status", side: Response, place: inHead, keys: noKeys, read: readStatus}
)

// readHost yields the host in lower case: names of hosts have no case.
func readHost(r *run, n *node, _ []byte) {
	begin := len(r.scratch)
	for i := range len(r.x.Host) {
		c := r.x.Host[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		r.scratch = append(r.scratch, c)
	}
	r.present(n, r.scratch[begin:])
}

func readMethod(r *run, n *node, _ []byte)   { r.present(n, r.copied(r.x.Method)) }
func readScheme(r *run, n *node, _ []byte)   { r.present(n, r.copied(r.x.Scheme)) }
func readProtocol(r *run, n *node, _ []byte) { r.present(n, r.copied(r.x.Proto)) }
func readJA4(r *run, n *node, _ []byte)      { r.present(n, r.copied(r.x.JA4)) }

func readIP(r *run, n *node, _ []byte) {
	ip := r.x.Client
	if !ip.IsValid() {
		ip = r.x.Peer
	}
	if ip != (netip.Addr{}) {
		begin := len(r.scratch)
		r.scratch = ip.Unmap().AppendTo(r.scratch)
		r.value(n, r.scratch[begin:])
	}
}

func readStatus(r *run, n *node, _ []byte) {
	if r.x.Status != 0 {
		begin := len(r.scratch)
		r.scratch = strconv.AppendInt(r.scratch, int64(r.x.Status), 10)
		r.value(n, r.scratch[begin:])
	}
}

// present is value for what is unknown when it is empty.
func (r *run) present(n *node, data []byte) {
	if len(data) > 0 {
		r.value(n, data)
	}
}
