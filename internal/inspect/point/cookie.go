package point

import "strings"

// MaxCookieBytes is how much of the Cookie headers of one request is read. It is
// what the proxy takes as the head of a request (its limit of 256 KiB, and the
// 4 KiB that net/http reads beyond such a limit), so that no junk in front can
// push a session's cookie out of sight.
const MaxCookieBytes = (256 + 4) << 10

// Cookies scans the Cookie headers of a request (RFC 6265 §5.4), tolerantly: what
// is not name=value is passed over, blanks and double quotes around a value do
// not belong to it. The zero value scans nothing.
type Cookies struct {
	// Cut is set when there was more than MaxCookieBytes.
	Cut bool

	lines []string
	rest  string
	room  int
}

// ScanCookies begins a scan of Cookie header lines.
func ScanCookies(lines []string) Cookies {
	return Cookies{lines: lines, room: MaxCookieBytes}
}

// Next returns the next cookie; ok is false at the end. The strings are parts of
// the header lines.
func (c *Cookies) Next() (name, value string, ok bool) {
	for {
		for c.rest == "" {
			if len(c.lines) == 0 {
				return "", "", false
			}
			c.rest, c.lines = c.lines[0], c.lines[1:]
			if len(c.rest) > c.room {
				// The cookie that is cut in two is not read either.
				c.rest = c.rest[:max(strings.LastIndexByte(c.rest[:c.room], ';'), 0)]
				c.Cut, c.lines = true, nil
			}
			c.room -= len(c.rest)
		}
		var pair string
		if end := strings.IndexByte(c.rest, ';'); end >= 0 {
			pair, c.rest = c.rest[:end], c.rest[end+1:]
		} else {
			pair, c.rest = c.rest, ""
		}
		eq := strings.IndexByte(pair, '=')
		if eq < 0 {
			continue
		}
		if name = trim(pair[:eq]); name == "" {
			continue
		}
		return name, unquote(trim(pair[eq+1:])), true
	}
}

// trim removes blanks and tabs around s.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// unquote removes one pair of double quotes around s.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

var cookieFormat = format{name: "cookie", side: Request, place: inHead, keys: nameKeys, read: readCookie}

// readCookie yields the values of the cookies that a request sends.
func readCookie(r *run, n *node, _ []byte) {
	scan := ScanCookies(r.x.Header["Cookie"])
	for room := r.Cookies; ; room-- {
		name, value, ok := scan.Next()
		if !ok {
			break
		}
		if room == 0 {
			r.limit("cookie", LimitCookies)
			break
		}
		r.occurrence(n, name, value)
	}
	if scan.Cut {
		r.limit("cookie", LimitCookieBytes)
	}
}
