package policy

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
)

// Matcher finds the application of a request. It is compiled once from a
// policy, never changes, and may be used by any number of goroutines.
type Matcher struct {
	exact   map[string][]route // by host without wildcards; each list best first
	globs   []route            // hosts with wildcards and any host; best first
	anyPath bool               // every prefix is "/": paths need not be read
}

// route is one host and one path prefix of one application.
type route struct {
	rank int    // place among all routes, best first
	host string // normalised, with wildcards
	path string // normalised prefix; empty: every path
	app  *Application
}

// NewMatcher compiles apps. The longest matching path prefix wins; among equals
// the more exact host (one without wildcards, then the one with more literal
// bytes), then the order of apps.
func NewMatcher(apps []Application) *Matcher {
	m := &Matcher{exact: map[string][]route{}, anyPath: true}
	var routes []route
	apps = slices.Clone(apps)
	for i := range apps {
		for _, host := range orElse(apps[i].Hosts, "*") {
			for _, prefix := range orElse(apps[i].Paths, "/") {
				r := route{host: normalHost(host), app: &apps[i]}
				if prefix != "/" {
					r.path, m.anyPath = normalPath(prefix), false
				}
				routes = append(routes, r)
			}
		}
	}
	slices.SortStableFunc(routes, func(a, b route) int {
		return cmp.Or(cmp.Compare(len(b.path), len(a.path)), cmp.Compare(exactness(b.host), exactness(a.host)))
	})
	for i, r := range routes {
		r.rank = i
		if hasWildcard(r.host) {
			m.globs = append(m.globs, r)
		} else {
			m.exact[r.host] = append(m.exact[r.host], r)
		}
	}
	return m
}

// Match returns the application of a request, or nil when none matches. Host and
// path are given as they came on the wire. The case of the host, its port, its
// trailing dot and the brackets of an IPv6 address do not count. The path is
// compared with its percent-encoding decoded and with ".", ".." and doubled
// slashes resolved, so that another spelling of a path does not escape its
// application. A prefix ends at a segment: /api matches /api, /api/x and
// /api;x=1, but not /apix.
//
// It does not allocate for a lower-case host and a path without such spellings.
// The Application belongs to the Matcher and must not be changed.
func (m *Matcher) Match(host, path string) *Application {
	if len(m.exact) == 0 && len(m.globs) == 0 {
		return nil
	}
	host = normalHost(host)
	if !m.anyPath {
		path = normalPath(path)
	}
	best := route{rank: math.MaxInt}
	for _, r := range m.exact[host] {
		if under(path, r.path) {
			best = r
			break
		}
	}
	for i := range m.globs {
		r := &m.globs[i]
		if r.rank > best.rank {
			break
		}
		if under(path, r.path) && Glob(r.host, host) {
			return r.app
		}
	}
	return best.app
}

// under reports whether path lies under prefix, which ends at a segment.
func under(path, prefix string) bool {
	if !strings.HasPrefix(path, prefix) {
		return false
	}
	if prefix == "" || len(path) == len(prefix) || prefix[len(prefix)-1] == '/' {
		return true
	}
	next := path[len(prefix)]
	return next == '/' || next == ';'
}

// exactness ranks hosts: those without wildcards first, then by literal bytes.
func exactness(host string) int {
	if !hasWildcard(host) {
		return math.MaxInt
	}
	return len(host) - strings.Count(host, "*") - strings.Count(host, "?")
}

func hasWildcard(s string) bool { return strings.ContainsAny(s, "*?") }

// normalHost returns host in lower case, without port, brackets and trailing dot.
func normalHost(host string) string {
	if strings.HasPrefix(host, "[") {
		if end := strings.IndexByte(host, ']'); end > 0 {
			return strings.ToLower(host[1:end])
		}
	}
	// More than one colon is an IPv6 address that lacks its brackets.
	if colon := strings.IndexByte(host, ':'); colon >= 0 && colon == strings.LastIndexByte(host, ':') {
		host = host[:colon]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// normalPath decodes and cleans an absolute path; a final slash stays. Anything
// else (the "*" of OPTIONS, nothing at all) is returned as it is.
func normalPath(path string) string {
	if !strings.HasPrefix(path, "/") || !unusual(path) {
		return path
	}
	b := decodePercent(path)
	n := 0 // b[:n] is done; it is empty or starts with a slash and ends without one
	for i := 0; i < len(b); {
		end := i + 1 // b[i] is a slash
		for end < len(b) && b[end] != '/' {
			end++
		}
		last := end == len(b)
		switch segment := string(b[i+1 : end]); segment {
		case "", ".", "..":
			if segment == ".." {
				n = max(bytes.LastIndexByte(b[:n], '/'), 0)
			}
			if last {
				b[n] = '/'
				n++
			}
		default:
			n += copy(b[n:], b[i:end])
		}
		i = end
	}
	return string(b[:n])
}

// unusual reports whether a path may have another spelling than its normal one.
func unusual(path string) bool {
	for i := range len(path) {
		if path[i] == '%' || path[i] == '/' && i+1 < len(path) && (path[i+1] == '/' || path[i+1] == '.') {
			return true
		}
	}
	return false
}

// decodePercent decodes what is a valid triplet and keeps the rest.
func decodePercent(s string) []byte {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return b
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func orElse(list []string, fallback string) []string {
	if len(list) == 0 {
		return []string{fallback}
	}
	return list
}
