package proxy

import (
	"net/http"
	"net/http/httputil"
	"strings"

	"sojourn/internal/exchange"
)

// rawTarget returns a request's path and query as they came on the wire. Of the
// absolute form (RFC 9112 section 3.2.2) they are what follows the authority.
func rawTarget(r *http.Request) (path, query string) {
	if r.Method == http.MethodConnect {
		return "", ""
	}
	target := r.RequestURI
	if !strings.HasPrefix(target, "/") {
		if _, rest, ok := strings.Cut(target, "://"); ok {
			start := strings.IndexAny(rest, "/?")
			if start < 0 {
				start = len(rest)
			}
			target = rest[start:]
		}
	}
	path, query, _ = strings.Cut(target, "?")
	if path == "" {
		path = "/"
	}
	return path, query
}

// forward completes the outgoing request of pr: what ReverseProxy normalises or
// drops is put back as the client sent it, and the client's address is added.
func forward(pr *httputil.ProxyRequest, up *upstream, x *exchange.Exchange) {
	in, out := pr.In, pr.Out
	out.URL.Scheme, out.URL.Host = up.scheme, up.host
	out.URL.RawQuery = x.Query
	setPath(out, up.base, x.Path)

	// The server fills in.Trailer while the transport reads the body; the map has
	// to be the same one for the transport to find the values.
	out.Trailer = in.Trailer

	h := out.Header
	added := [3]string{strings.Join(in.Header["X-Forwarded-For"], ", "), in.Host, x.Scheme}
	if x.Peer.IsValid() {
		if added[0] != "" {
			added[0] += ", "
		}
		added[0] += x.Peer.String()
	}
	h["X-Forwarded-For"], h["X-Forwarded-Host"], h["X-Forwarded-Proto"] = added[0:1:1], added[1:2:2], added[2:3:3]
	// A proxy in front of us knows better than we do what the client asked for.
	for _, name := range [...]string{"Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if prior := in.Header[name]; len(prior) > 0 {
			h[name] = prior
		}
	}
}

// setPath puts base in front of path, untouched. URL.Opaque is the only way to
// send bytes that URL.EscapedPath would escape; it cannot begin with "//", which
// means an authority there.
func setPath(out *http.Request, base, path string) {
	switch {
	case path == "*":
		out.URL.Path = path
	case base != "" || !strings.HasPrefix(path, "//"):
		out.URL.Opaque = base + path
	}
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}
