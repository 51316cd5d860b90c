package point

import "strings"

var setCookieFormat = format{name: "set_cookie", side: Response, place: inHead, keys: nameKeys, read: readSetCookie}

// readSetCookie yields the values of the cookies that a response sets (RFC 6265
// §5.2), without their attributes. A cookie that is deleted has its value, too.
func readSetCookie(r *run, n *node, _ []byte) {
	bytes := MaxCookieBytes
	for i, line := range r.x.ResponseHeader["Set-Cookie"] {
		if i == r.Cookies {
			r.limit("set_cookie", LimitCookies)
			return
		}
		if bytes -= len(line); bytes < 0 {
			r.limit("set_cookie", LimitCookieBytes)
			return
		}
		pair, _, _ := strings.Cut(line, ";")
		name, value, ok := strings.Cut(pair, "=")
		if name = trim(name); ok && name != "" {
			r.occurrence(n, name, unquote(trim(value)))
		}
	}
}
