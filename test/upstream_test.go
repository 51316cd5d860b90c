package test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// upstream is an API to put Sojourn in front of. It answers with the path that
// it was asked for, or what a handler of its own says.
type upstream struct {
	*httptest.Server
	mux  *http.ServeMux
	hits atomic.Int64 // requests that reached it
}

// newUpstream starts an upstream. A path that nothing else handles is echoed in
// the body and in the header X-Upstream, which names the upstream.
func newUpstream(t testing.TB, name string) *upstream {
	t.Helper()
	u := &upstream{mux: http.NewServeMux()}
	u.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path) // a client that left is not our matter
	})
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.hits.Add(1)
		w.Header().Set("X-Upstream", name)
		u.mux.ServeHTTP(w, r)
	}))
	t.Cleanup(u.Close)
	return u
}
