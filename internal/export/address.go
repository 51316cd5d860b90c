package export

import (
	"fmt"
	"strings"

	"sojourn/internal/record"
)

// unknownHost stands in for a host that the source did not tell (RFC 2606 §2).
const unknownHost = "unknown.invalid"

// address returns the URL of a request as far as it is known. The scheme is not
// stored: it is https where a TLS fingerprint is, else a guess.
func address(r *record.Request) string {
	scheme, host := "http", r.Host
	if r.JA4 != "" {
		scheme = "https"
	}
	if host == "" {
		host = unknownHost
	}
	path := r.Path
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	url := scheme + "://" + escape(host, isHostByte) + escape(path, func(c byte) bool { return isURLByte(c) && c != '?' })
	if r.Query != "" {
		url += "?" + escape(r.Query, isURLByte)
	}
	return url
}

// escape writes bytes that would not stay where they are as %XX.
func escape(s string, keep func(byte) bool) string {
	var out strings.Builder
	for i := range len(s) {
		if keep(s[i]) {
			out.WriteByte(s[i])
		} else {
			fmt.Fprintf(&out, "%%%02X", s[i])
		}
	}
	return out.String()
}

func isURLByte(c byte) bool { return c > ' ' && c < 0x7f && c != '#' && c != '\\' }

// isHostByte knows names, addresses, IPv6 in brackets, and ports.
func isHostByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._:[]", c) >= 0
}
