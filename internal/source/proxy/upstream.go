package proxy

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"

	"sojourn/internal/record"
)

// upstream is one server that exchanges are sent to, and how it fares.
type upstream struct {
	url    string // as configured
	scheme string
	host   string // host[:port] to connect to
	base   string // raw path in front of every request's path; no final slash

	errors  atomic.Uint64
	failing atomic.Pointer[string] // its last error; nil when the newest exchange was answered
}

// parseUpstream checks the URL of an upstream; setting begins its errors.
func parseUpstream(setting, value string) (*url.URL, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("%s %q is not usable: want http://host:port or https://host:port", setting, value)
	case u.User != nil:
		return nil, fmt.Errorf("%s %q is not usable: credentials do not belong here, clients send their own", setting, u.Redacted())
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fmt.Errorf("%s %q is not usable: leave out what begins with ? or #", setting, value)
	}
	return u, nil
}

func newUpstream(u *url.URL) *upstream {
	return &upstream{
		url:    u.String(),
		scheme: u.Scheme,
		host:   u.Host,
		base:   strings.TrimRight(u.EscapedPath(), "/"),
	}
}

// address is where to dial, with the scheme's own port where none is given.
func (up *upstream) address() string {
	u := url.URL{Host: up.host}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[up.scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// isSelf reports whether up, on this machine, is the listener at addr.
func (up *upstream) isSelf(addr net.Addr) bool {
	own, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return false
	}
	host, port, _ := net.SplitHostPort(up.address())
	if port != fmt.Sprint(own.Port()) {
		return false
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host == "localhost" && (own.Addr().IsLoopback() || own.Addr().IsUnspecified())
	}
	return ip == own.Addr() || ip.IsLoopback() && own.Addr().IsUnspecified()
}

// check dials up once and returns a warning when it does not answer.
func (up *upstream) check(ctx context.Context, dial func(ctx context.Context, network, addr string) (net.Conn, error)) string {
	conn, err := dial(ctx, "tcp", up.address())
	if err != nil {
		return fmt.Sprintf("upstream %s does not answer yet: %v; its requests get a 502 until it does", up.url, err)
	}
	conn.Close()
	return ""
}

// failed notes an exchange that up did not answer, and reports whether the one
// before was answered.
func (up *upstream) failed(cause string) (first bool) {
	up.errors.Add(1)
	return up.failing.Swap(&cause) == nil
}

// maxCause is how much of an error is kept, in bytes.
const maxCause = 300

// cause is the text of an error up to what it quotes: net/http quotes what the
// upstream sent, which may be a secret, and a megabyte long.
func cause(err error) string {
	text, _, _ := strings.Cut(err.Error(), `"`)
	text = strings.TrimRight(text, " :")
	return strings.ToValidUTF8(text[:min(len(text), maxCause)], "")
}

// answered notes an exchange that up answered, and reports whether the one
// before was not.
func (up *upstream) answered() (recovered bool) {
	return up.failing.Load() != nil && up.failing.Swap(nil) != nil
}

func (up *upstream) status() record.UpstreamStatus {
	s := record.UpstreamStatus{URL: up.url, Errors: up.errors.Load()}
	if text := up.failing.Load(); text != nil {
		s.Error = *text
	}
	return s
}
