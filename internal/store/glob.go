package store

import (
	"strings"
	"unicode/utf8"
)

// MatchEndpoint reports whether pattern finds a request, without regard to case.
// A pattern with a space is a whole "METHOD endpoint", as facets print it, and
// may hold wildcards. Any other is held against the endpoint and against the
// path as it came: as a whole when it has a * or ?, else as a substring.
func MatchEndpoint(pattern, method, endpoint, path string) bool {
	p, endpoint, path := strings.ToLower(pattern), strings.ToLower(endpoint), strings.ToLower(path)
	switch {
	case strings.Contains(p, " "):
		return Glob(p, strings.ToLower(method)+" "+endpoint)
	case strings.ContainsAny(p, "*?"):
		return Glob(p, endpoint) || Glob(p, path)
	}
	return strings.Contains(endpoint, p) || strings.Contains(path, p)
}

// Glob reports whether s matches pattern, where * stands for any run of
// characters and ? for any one character. It runs in constant space and O(len²)
// time at the worst.
func Glob(pattern, s string) bool {
	var p, i int
	star, mark := -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == '?':
			p++
			i += runeLen(s[i:])
		case p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case star >= 0:
			mark += runeLen(s[mark:])
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}
