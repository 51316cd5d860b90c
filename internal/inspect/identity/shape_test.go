package identity

import (
	"strings"
	"testing"
)

func TestNone(t *testing.T) {
	for _, s := range []string{"", " ", "null", "NULL", " Undefined ", "deleted", "0", "000", "-", "--", "anonymous", "[object Object]",
		"%5Bobject%20Object%5D", "nil", "None", "empty", "n/a", "NaN", "false", "-1", "00000000-0000-0000-0000-000000000000",
		"chunks-2", "chunks:3", `""`, "{}", "Bearer null", "Bearer"} {
		if !none(s) {
			t.Errorf("%q counts as a value", s)
		}
	}
	for _, s := range []string{"abc", "1", "42", "null1", "nullable-token", "a0", "deleted-but-not-forgotten-at-all", strings.Repeat("x", 1000)} {
		if none(s) {
			t.Errorf("%q counts as none", s)
		}
	}
}

func TestOpaque(t *testing.T) {
	for _, s := range []string{"fd882280243ebf9d43849a95fcc47814", "9f8a7b6c5d4e3f2a", "2YotnFZFEjr1zCsicMWpAA",
		"0b0f2f8e-8f2e-4a53-9f5c-0f1f4d4b5e6a", "s%3AaB1c2D3e4F5g6H7.i8J9", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ."} {
		if !opaque(s) {
			t.Errorf("%q does not count as an id", s)
		}
	}
	for _, s := range []string{"", "abc", "1234567890123456789", "20140521123000123", "intro-to-kubernetes-101", "a-rather-long-title-of-a-page",
		"9f8a7b6c5d4e3f2", "9f8a7b6c 5d4e3f2a1b", "1=1' OR 2=2 -- x1y2z3", strings.Repeat("a1", maxOpaque)} {
		if opaque(s) {
			t.Errorf("%q counts as an id", s)
		}
	}
}
