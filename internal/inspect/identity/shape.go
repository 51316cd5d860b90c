package identity

import (
	"strings"

	"sojourn/internal/inspect/point"
)

// shape is what a value must look like to count.
type shape uint8

const (
	shapeAny    shape = iota // anything that is not none
	shapeOpaque              // see opaque
)

const (
	// minOpaque and maxOpaque bound the length of an opaque value, in bytes.
	minOpaque = 16
	maxOpaque = 16 << 10

	opaqueNote = "the value must look like an id: 16 or more letters and digits, mixed"
)

// nones are what clients send for a value that they do not have, in lower case.
var nones = map[string]bool{
	"null": true, "undefined": true, "deleted": true, "delete": true, "removed": true, "anonymous": true, "anon": true,
	"guest": true, "[object object]": true, "%5bobject%20object%5d": true, "nil": true, "none": true, "empty": true,
	"false": true, "true": true, "nan": true, "na": true, "n/a": true, "unknown": true, "unset": true, "undef": true,
	"(null)": true, "<null>": true, "(none)": true, "{}": true, "[]": true, "''": true, `""`: true, "%22%22": true,
	"invalid": true, "expired": true, "default": true, "-1": true, "no": true,
	"bearer": true, "basic": true, "bearer null": true, "bearer undefined": true, "bearer none": true,
}

// maxNone is longer than any of nones.
const maxNone = 24

// none reports whether a value stands for no value: it is empty, or one of nones
// in any case, or nothing but zeros, dashes and the like.
func none(s string) bool {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	if strings.Trim(s, "0-_.*") == "" || strings.HasPrefix(s, "chunks-") || strings.HasPrefix(s, "chunks:") {
		return true // the last two announce that ASP.NET split the cookie
	}
	if len(s) > maxNone {
		return false
	}
	var buf [maxNone]byte
	low := append(buf[:0], s...)
	for i, c := range low {
		if 'A' <= c && c <= 'Z' {
			low[i] = c | 0x20
		}
	}
	return nones[string(low)]
}

// opaque reports whether s looks like a random id or token rather than like a
// word, a number, a date or a title: 16 bytes or more of the alphabets that ids
// are written in, where letters and digits change at least twice.
func opaque(s string) bool {
	if len(s) < minOpaque || len(s) > maxOpaque {
		return false
	}
	changes, was := 0, byte(0)
	for i := range len(s) {
		kind := byte(0)
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			kind = 'd'
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			kind = 'l'
		case strings.IndexByte("-_.~+/=%:|,!", c) >= 0:
			continue
		default:
			return false
		}
		if was != 0 && kind != was {
			changes++
		}
		was = kind
	}
	return changes >= 2
}

// None reports whether a value stands for no value, such as null or deleted.
func None(s string) bool { return none(s) }

// Opaque reports whether s looks like a random id or token, so that it should be
// masked wherever it stands.
func Opaque(s string) bool { return opaque(s) }

// tokenScheme reports whether a scheme of an Authorization header goes with a
// token that stays the same from request to request.
func tokenScheme(scheme string) bool {
	return scheme == "" || equalFold(scheme, "bearer") || equalFold(scheme, "token") || equalFold(scheme, "jwt")
}

// bare takes a scheme off a token.
func bare(token string) string {
	if scheme, rest := point.Credentials(token); tokenScheme(scheme) {
		return rest
	}
	return token
}

func apiKeyScheme(scheme string) bool {
	return equalFold(scheme, "apikey") || equalFold(scheme, "api-key") || equalFold(scheme, "key")
}

// equalFold compares with a text in lower case.
func equalFold(s, lower string) bool { return len(s) == len(lower) && strings.EqualFold(s, lower) }
