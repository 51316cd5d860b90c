package api

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// hosts are the names under which we may be addressed. A page of another site can
// make its own name resolve to our address (DNS rebinding); its requests then
// carry that name, and are refused. Ports are not compared: a tunnel may carry
// ours under another one, and no page can choose the name it is not served from.
type hosts struct {
	names   map[string]bool
	anyAddr bool // listening on all addresses: any literal address is ours
}

func newHosts(listen string, extra []string) (hosts, error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return hosts{}, fmt.Errorf("console address %q is not host:port (--console)", listen)
	}
	h := hosts{names: map[string]bool{"localhost": true}}
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		h.anyAddr = true
	} else {
		h.names[canonicalHost(host)] = true
	}
	for _, name := range extra {
		if name == "" || strings.ContainsAny(name, "/*@ ") {
			return hosts{}, fmt.Errorf("%q is not a host name (--console-host)", name)
		}
		h.names[hostOnly(name)] = true
	}
	return h, nil
}

// allows reports whether a Host header, with or without a port, names us.
func (h hosts) allows(header string) bool {
	name := hostOnly(header)
	if h.names[name] {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && (h.anyAddr || addr.Unmap().IsLoopback())
}

func (h hosts) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.allows(r.Host) {
			writeProblem(w, http.StatusMisdirectedRequest, fmt.Sprintf("%q is not a name of this console; allow it with --console-host", clip(r.Host)))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func hostOnly(header string) string {
	if host, _, err := net.SplitHostPort(header); err == nil {
		return canonicalHost(host)
	}
	return canonicalHost(strings.TrimSuffix(strings.TrimPrefix(header, "["), "]"))
}

func canonicalHost(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}
