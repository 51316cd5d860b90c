package policy

import (
	"regexp"
	"testing"
)

func TestCanMatch(t *testing.T) {
	for expression, want := range map[string]bool{
		"a": true, "(?i)secret|passwd": true, "^a$": true, `\Aab\z`: true, "a*$": true, "": true, `\bid\b`: true, `^\W`: true,
		"(?m)a$\n^b": true, "x^|y": true, "[^a-z]": true, "(?i)k": true, "(?i)[\u212a]": true, "\u212a": true, "^[^x]?$": true,
		"a^": false, "$a": false, "a$\n^b": false, `^$`: false, `\b\B`: false, `a\bb`: false, `\A\Ba`: false, `-\b-`: false,
		"[^\\x00-\\x{10FFFF}]": false, "(a$b|c^d)+": false, `\Z`: false,
	} {
		if got := canMatch(expression); got != want {
			t.Errorf("%q: %v, want %v", expression, got, want)
		}
	}
}

// FuzzCanMatch: an expression of which a match is found can match.
func FuzzCanMatch(f *testing.F) {
	f.Add("(?i)secret|passwd", "user_Password")
	f.Add("(?m)a$\n^b", "a\nb")
	f.Add(`\bx\B.*$`, "-xy")
	f.Add("^[^a]$", "é")
	f.Fuzz(func(t *testing.T, expression, text string) {
		if len(expression) > maxPattern || text == "" {
			return
		}
		pattern, err := regexp.Compile(expression)
		if err == nil && pattern.MatchString(text) && !canMatch(expression) {
			t.Errorf("%q matches %q", expression, text)
		}
	})
}
