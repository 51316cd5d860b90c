package record

import "strings"

// Verified reports whether a value that grouped a request is a claim of a token
// whose signature was verified: one that stood at point, in a JWT's payload, and
// yet is a secret. Nothing else makes a claim one.
func Verified(point string, strength Strength) bool {
	if strength != StrengthSecret {
		return false
	}
	// Names stand in quotes and may look like anything.
	for point != "" {
		steps, rest, _ := strings.Cut(point, `"`)
		if strings.Contains(steps, ".jwt.payload") {
			return true
		}
		point = afterQuote(rest)
	}
	return false
}

// afterQuote returns what stands behind a quoted text that s is inside of.
func afterQuote(s string) string {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return s[i+1:]
		}
	}
	return ""
}
