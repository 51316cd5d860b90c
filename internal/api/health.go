package api

import (
	"net/http"
	"net/netip"
)

func (a *API) healthz(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, "ok\n")
}

// readyz tells whether the hub can answer yet, and why not.
func (a *API) readyz(w http.ResponseWriter, _ *http.Request) {
	if err := a.ready(); err != nil {
		w.Header().Set("Retry-After", "1")
		writeProblem(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
		return
	}
	plain(w, http.StatusOK, "ready\n")
}

// guardMetrics asks for the token, except of a caller on this machine when we
// listen for no others. A forwarding header means that the caller is elsewhere,
// behind a proxy on this machine.
func (a *API) guardMetrics(w http.ResponseWriter, r *http.Request) {
	forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
	local := a.loopback && isLoopback(r.RemoteAddr) && !forwarded
	if !local && !a.hasToken(r) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="sojourn"`)
		writeProblem(w, http.StatusUnauthorized, "off this machine, metrics need the admin token as Authorization: Bearer")
		return
	}
	a.metrics.ServeHTTP(w, r)
}

// isLoopback reports whether host:port is an address that only this machine reaches.
func isLoopback(hostport string) bool {
	addr, err := netip.ParseAddrPort(hostport)
	return err == nil && addr.Addr().Unmap().IsLoopback()
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}
