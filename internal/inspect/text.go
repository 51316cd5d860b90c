package inspect

import (
	"strings"
	"unicode/utf8"

	"sojourn/internal/record"
)

// normalHost returns a host in lower case, without a final dot and without the
// port that its scheme has anyway (of either, when the scheme is not known). A
// user and a password in front, which do not belong there, are left out.
func normalHost(host, scheme string) string {
	host = host[strings.LastIndexByte(host, '@')+1:]
	name := hostWithoutPort(host)
	port := strings.TrimPrefix(host[len(name):], ":")
	name = strings.TrimSuffix(name, ".")
	if port == "" || port == "80" && scheme != "https" || port == "443" && scheme != "http" {
		return lowerASCII(name)
	}
	return lowerASCII(name + ":" + port)
}

// lowerASCII leaves bytes that are no ASCII as they are, unlike strings.ToLower.
func lowerASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

// hostWithoutPort takes the port off; the brackets of an IPv6 address stay.
func hostWithoutPort(host string) string {
	colon := strings.LastIndexByte(host, ':')
	if colon < 0 || strings.IndexByte(host[colon:], ']') >= 0 {
		return host
	}
	if host[0] != '[' && strings.IndexByte(host[:colon], ':') >= 0 {
		return host // an IPv6 address that lacks its brackets
	}
	return host[:colon]
}

// escapes says how a byte that must not be kept as it is looks instead.
type escapes string

const (
	percentEscapes escapes = "%"
	plainEscapes   escapes = `\x`
)

// keeper cuts and cleans texts for keeping, and collects what it had to do.
type keeper struct {
	flags []record.Flag
	owned bool // flags is not shared with the exchange
}

func (k *keeper) flag(f record.Flag) {
	for _, have := range k.flags {
		if have == f {
			return
		}
	}
	if !k.owned {
		k.flags = append([]record.Flag(nil), k.flags...)
		k.owned = true
	}
	k.flags = append(k.flags, f)
}

// keep returns s as valid UTF-8 without control characters, in at most limit
// bytes. Bytes that are neither are written as escapes and flagged as malformed;
// a cut is flagged too, and never falls inside a character or an escape.
func (k *keeper) keep(s string, limit int, esc escapes) string {
	if len(s) <= limit && isPlain(s) {
		return s
	}
	var b []byte
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		piece := len(b)
		if r == utf8.RuneError && size == 1 || r < ' ' || 0x7f <= r && r < 0xa0 {
			for _, c := range []byte(s[i : i+size]) {
				b = append(append(b, esc...), upperHex[c>>4], upperHex[c&15])
			}
			k.flag(record.FlagMalformed)
		} else {
			b = append(b, s[i:i+size]...)
		}
		if len(b) > limit {
			k.flag(record.FlagValueCut)
			return string(b[:piece])
		}
		i += size
	}
	return string(b)
}

const upperHex = "0123456789ABCDEF"

// isPlain reports whether s is printable ASCII.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
