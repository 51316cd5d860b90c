package importer

import (
	"bytes"
	"net/http"
	"strings"
)

// setRequest reads a request line as it was logged. It reports false when
// something of it could not be read, and keeps the rest.
func (p *lineParser) setRequest(raw []byte) bool {
	if string(raw) == "-" || len(raw) == 0 {
		return false
	}
	method, target, proto, ok := cutRequest(unescape(raw, &p.scratch))
	if method == nil {
		p.x.Path = p.strings.text(raw) // not HTTP, such as a TLS hello: shown as the server wrote it
		return false
	}
	p.x.Method = p.strings.text(method)
	p.x.Proto = p.strings.text(proto)
	return p.setTarget(p.strings.text(target)) && ok
}

// cutRequest cuts METHOD target HTTP/1.1. Without a method nothing is read; a
// target may be missing, or hold spaces; a missing protocol is HTTP/0.9.
func cutRequest(b []byte) (method, target, proto []byte, ok bool) {
	method, rest, _ := bytes.Cut(b, []byte{' '})
	if !isToken(method) {
		return nil, nil, nil, false
	}
	target = rest
	if i := bytes.LastIndexByte(rest, ' '); i >= 0 && isProto(rest[i+1:]) {
		target, proto = rest[:i], rest[i+1:]
	}
	if len(proto) == 0 {
		return method, target, []byte("HTTP/0.9"), false
	}
	return method, target, proto, len(target) > 0 && bytes.IndexByte(target, ' ') < 0
}

// setTarget reads a request target (RFC 9112 §3.2): a path, an absolute URL, the
// authority of CONNECT, or "*". The authority of an absolute URL is the host,
// unless the log names the virtual host.
func (p *lineParser) setTarget(target string) bool {
	host, whole := "", target == "*" || strings.HasPrefix(target, "/")
	if scheme, rest, ok := cutScheme(target); ok {
		p.x.Scheme = scheme
		host, target = splitAuthority(rest)
		whole = host != ""
	} else if !whole && p.x.Method == http.MethodConnect {
		host, target = target, ""
		whole = host != ""
	}
	if p.x.Host == "" {
		p.x.Host = host
	}
	p.x.Path, p.x.Query, _ = strings.Cut(target, "?")
	return whole
}

// cutScheme cuts http:// or https:// off a URL.
func cutScheme(url string) (scheme, rest string, ok bool) {
	for _, scheme := range []string{"http", "https"} {
		n := len(scheme) + len("://")
		if len(url) >= n && strings.EqualFold(url[:len(scheme)], scheme) && url[len(scheme):n] == "://" {
			return scheme, url[n:], true
		}
	}
	return "", "", false
}

// splitAuthority splits the host off what follows a URL's scheme; user
// information is dropped, an empty path is "/".
func splitAuthority(s string) (host, target string) {
	host, target = s, "/"
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		host, target = s[:i], s[i:]
		if target[0] != '/' {
			target = "/" + target
		}
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	return host, target
}

// isToken reports whether b is a token of RFC 9110 §5.6.2, as methods are.
func isToken(b []byte) bool {
	for _, c := range b {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return len(b) > 0
}

// isProto reports whether b is a protocol such as HTTP/1.1 or HTTP/2.
func isProto(b []byte) bool {
	version, ok := bytes.CutPrefix(b, []byte("HTTP/"))
	if !ok || len(version) == 0 || len(version) > len("1.1") {
		return false
	}
	return len(version) != 2 && version[0] >= '0' && version[0] <= '9' &&
		(len(version) == 1 || version[1] == '.' && version[2] >= '0' && version[2] <= '9')
}
