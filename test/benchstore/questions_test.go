package main

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestQuestions: every question can be asked, also where the samples lack a value,
// and has a name of its own.
func TestQuestions(t *testing.T) {
	day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	p := part{ID: "9d71154dadd331c60b2f3a41c1d0e5aa", Part: "2026-11-21", Started: day, Requests: 3}
	v := &samples{requests: []request{{ID: "01JV3Q7F2M9T4B8X00AB", Session: p.ID, Started: day, Host: "it's.example.com"}}, short: []part{p}, huge: []part{p}}
	names := map[string]bool{}
	for _, q := range questions() {
		if names[q.name] || q.name == "" {
			t.Errorf("two questions are called %q", q.name)
		}
		names[q.name] = true
		for round := range 3 {
			calls := q.calls(v, round)
			if len(calls) == 0 {
				t.Errorf("%s: nothing is asked", q.name)
			}
			for _, c := range calls {
				if _, err := url.ParseRequestURI(c.path); err != nil || !strings.HasPrefix(c.path, "/api/v1/") {
					t.Errorf("%s: %s: %v", q.name, c.path, err)
				}
				if c.body != nil && !json.Valid(c.body) {
					t.Errorf("%s: %s", q.name, c.body)
				}
			}
			if q.plain == nil {
				continue
			}
			sql := q.plain(v, round)
			unquoted := strings.NewReplacer(`\\`, "", `\'`, "").Replace(sql)
			if !strings.HasPrefix(sql, "SELECT ") || strings.Count(unquoted, "'")%2 > 0 || strings.Count(sql, "(") != strings.Count(sql, ")") {
				t.Errorf("%s: %s", q.name, sql)
			}
		}
	}
}

func TestAnswer(t *testing.T) {
	var a answer
	if got := a.part(0.95); got != 0 {
		t.Errorf("of nothing: %s", got)
	}
	for i := range 20 {
		a.took = append(a.took, time.Duration(i+1))
	}
	for p, want := range map[float64]time.Duration{0: 1, 0.5: 11, 0.95: 20, 1: 20} {
		if got := a.part(p); got != want {
			t.Errorf("%g: %d, want %d", p, got, want)
		}
	}
}
