package endpoint

import (
	"strings"

	"sojourn/internal/inspect/point"
)

// classify returns the placeholder for a decoded segment that is an id, or "".
func classify(s string) string {
	if s == "" || len(s) > maxSegment {
		return ""
	}
	c := countOf(s)
	switch {
	case s == point.Masked:
		return "{token}" // a secret stood here
	case c.digits == len(s), c.digits == len(s)-1 && s[0] == '-' && len(s) > 1:
		return "{int}"
	case c.digits > 0 && c.dots == 1 && isFloat(s):
		return "{float}"
	case isUUID(s):
		return "{uuid}"
	case isDate(s):
		return "{date}"
	case isHex(s, c):
		return "{hex}"
	case isEmail(s):
		return "{email}"
	case isIPv4(s, c):
		return "{ip}"
	case isToken(s, c):
		return "{token}"
	}
	return ""
}

// counts are how many bytes of which kind a segment has.
type counts struct {
	digits, lower, upper, hexLetters, dots, other int
	changes                                       int // between letters and digits
}

func countOf(s string) (c counts) {
	was := byte(0)
	for i := range len(s) {
		kind := byte(0)
		switch b := s[i]; {
		case '0' <= b && b <= '9':
			c.digits++
			kind = 'd'
		case 'a' <= b && b <= 'z':
			c.lower++
			kind = 'l'
		case 'A' <= b && b <= 'Z':
			c.upper++
			kind = 'l'
		case b == '.':
			c.dots++
		case strings.IndexByte("-_~=+/:", b) >= 0:
		default:
			c.other++
		}
		if b := s[i] | 0x20; kind == 'l' && b <= 'f' {
			c.hexLetters++
		}
		if kind != 0 {
			if was != 0 && was != kind {
				c.changes++
			}
			was = kind
		}
	}
	return c
}

// isFloat: digits, a dot, digits; with a sign or without.
func isFloat(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, part, _ := strings.Cut(s, ".")
	return whole != "" && part != "" && allDigits(whole) && allDigits(part)
}

// isUUID: the text form of RFC 9562 §4, with braces or without.
func isUUID(s string) bool {
	if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isHexDigit(s[i]) {
				return false
			}
		}
	}
	return true
}

// isDate: a day of ISO 8601 (2026-11-21), alone or with a time behind it, or a
// month (2026-11).
func isDate(s string) bool {
	if len(s) < 7 || !allDigits(s[:4]) || s[4] != '-' || !inRange(s[5:7], 1, 12) || s[0] != '1' && s[0] != '2' {
		return false
	}
	if len(s) == 7 {
		return true
	}
	if len(s) < 10 || s[7] != '-' || !inRange(s[8:10], 1, 31) {
		return false
	}
	return len(s) == 10 || s[10] == 'T' || s[10] == 't' || s[10] == ' '
}

// isHex: eight or more hex digits, of one case, with letters and digits both;
// from 32 on (the length of a digest) letters alone do.
func isHex(s string, c counts) bool {
	if len(s) < 8 || c.digits+c.hexLetters != len(s) || c.lower > 0 && c.upper > 0 {
		return false
	}
	return c.digits > 0 || len(s) >= 32
}

// isEmail: something, an at sign, a name with a dot in it.
func isEmail(s string) bool {
	user, domain, ok := strings.Cut(s, "@")
	if !ok || user == "" || strings.IndexByte(domain, '@') >= 0 {
		return false
	}
	dot := strings.LastIndexByte(domain, '.')
	return dot > 0 && dot < len(domain)-2 && isLetters(domain[dot+1:])
}

func isIPv4(s string, c counts) bool {
	if c.dots != 3 || c.digits+c.dots != len(s) {
		return false
	}
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || len(part) > 3 {
			return false
		}
	}
	return true
}

// isToken: twelve or more bytes of the alphabets of base 32, 58, 62 and 64, where
// letters and digits change often or the cases are mixed as no word mixes them.
// Words in a title (spring-sale-2026) change seldom and are kept.
func isToken(s string, c counts) bool {
	if len(s) < 12 || c.other > 0 || c.dots > 2 {
		return false
	}
	letters := c.lower + c.upper
	switch {
	case letters == 0 || c.digits == 0:
		return false
	case c.dots == 2: // a JWT, not a host name or a version
		return len(s) >= 30 && strings.HasPrefix(s, "ey")
	case c.dots > 0:
		return false
	case c.changes >= 4:
		return true
	}
	return c.changes >= 2 && len(s) >= 16 && c.lower > 0 && c.upper > 2
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// inRange reports whether two digits lie between low and high.
func inRange(s string, low, high int) bool {
	n := int(s[0]-'0')*10 + int(s[1]-'0')
	return allDigits(s) && low <= n && n <= high
}

func isHexDigit(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'f'
}
