package inspect

import (
	"strings"

	"sojourn/internal/inspect/identity"
	"sojourn/internal/inspect/point"
)

// maxNesting is how often a text is decoded in search of secrets: an address in
// a parameter of an address.
const maxNesting = 2

// hidesSecret reports whether a text (the value of a parameter, a segment of a
// path) carries a secret inside, as redirect=/reset?token=1, an address with a
// password, a JSON document or credentials do. It is read as it is and decoded,
// as far as it could be kept.
func hidesSecret(s string) bool {
	s = s[:min(len(s), max(MaxPath, MaxQuery))]
	if !mayHide(s) {
		return false
	}
	for range maxNesting {
		if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
			break
		}
		s = point.Unescape(s)
		if secretInside(s) {
			return true
		}
	}
	return secretInside(s)
}

// mayHide is a cheap look for what secretInside looks for; %3 begins an encoded
// = or :, and %2 a % that is encoded itself.
func mayHide(s string) bool {
	return strings.IndexByte(s, '=') >= 0 || strings.IndexByte(s, ':') >= 0 || strings.Contains(s, "%3") || strings.Contains(s, "%25") ||
		strings.Contains(s, "earer") || strings.Contains(s, "EARER")
}

// secretInside takes time linear in the length of s.
func secretInside(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case '=':
			if secretName(nameBefore(s[:i]), valueOf(s[i+1:])) {
				return true
			}
		case ':':
			name := strings.TrimRight(s[max(0, i-maxFold):i], " ")
			if quoted := strings.TrimSuffix(name, `"`); quoted != name && secretName(nameBefore(quoted), valueOf(s[i+1:])) {
				return true // a member of a JSON object
			}
			if strings.HasPrefix(s[i:], "://") && hasUserinfo(s[i+3:]) {
				return true
			}
		case ' ':
			if scheme := s[max(0, i-len("bearer")):i]; strings.EqualFold(scheme, "bearer") && identity.Opaque(valueOf(s[i+1:])) {
				return true
			}
		}
	}
	return false
}

// nameBefore is the name of a parameter or a member at the end of s.
func nameBefore(s string) string {
	s = s[max(0, len(s)-maxFold):]
	return s[strings.LastIndexAny(s, "?&;#/ =\"'{,")+1:]
}

// valueOf is the value at the begin of s.
func valueOf(s string) string {
	s = strings.TrimLeft(s[:min(len(s), maxInside)], ` "\`)
	if end := strings.IndexAny(s, "&;# =\"'},"); end >= 0 {
		return s[:end]
	}
	return s
}

// maxInside is how much of a value inside another one is looked at.
const maxInside = 64

// hasUserinfo reports whether an authority begins with user and password.
func hasUserinfo(authority string) bool {
	authority = authority[:min(len(authority), maxAuthority)]
	if end := strings.IndexAny(authority, "/?# "); end >= 0 {
		authority = authority[:end]
	}
	at := strings.LastIndexByte(authority, '@')
	return at > 0 && strings.IndexByte(authority[:at], ':') >= 0
}

// maxAuthority is how much of an authority is looked at, in bytes.
const maxAuthority = 512
