package endpoint

import (
	"testing"
)

func TestSetKeepsRoomForAnswers(t *testing.T) {
	total := budget{limit: 100}
	s := newSet(8, &total)
	f := func(text string, answered, want bool) {
		t.Helper()
		if got, ok := s.add(text, answered); ok != want || ok && got != text {
			t.Errorf("add(%q, %v) = %q, %v", text, answered, got, ok)
		}
	}
	f("/a", false, true)
	f("/b", false, true)
	f("/c", false, false) // a quarter of 8 are guesses
	f("/a", false, true)
	f("/a", true, true) // no guess anymore
	f("/a", false, true)
	f("/c", false, true)
	f("/d", false, false)
	for _, text := range []string{"/1", "/2", "/3", "/4", "/5"} {
		f(text, true, true)
	}
	f("/6", true, false)
	f("/c", true, true)
	if want := (budget{limit: 8, used: 8, guesses: 1}); s.own != want || len(s.names) != want.used {
		t.Errorf("own budget %+v of %d names, want %+v", s.own, len(s.names), want)
	}
	if want := (budget{limit: 100, used: 8, guesses: 1}); total != want {
		t.Errorf("total budget %+v, want %+v", total, want)
	}
}

func TestSetMindsTheTotal(t *testing.T) {
	total := budget{limit: 4}
	one, two := newSet(100, &total), newSet(100, &total)
	one.add("/a", false)
	if _, ok := two.add("/b", false); ok {
		t.Error("guesses of two sets exceed their part of the total")
	}
	for _, text := range []string{"/1", "/2", "/3"} {
		two.add(text, true)
	}
	if _, ok := one.add("/b", true); ok || total.used != 4 {
		t.Errorf("the total is exceeded: %+v", total)
	}
}
