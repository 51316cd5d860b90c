package store

import (
	"strings"
	"testing"
	"time"

	"sojourn/internal/record"
)

func TestQueryCheck(t *testing.T) {
	count := []string{"requests"}
	for name, c := range map[string]struct {
		q     Query
		names string // what the error must name; "" for none
	}{
		"Nothing":         {Query{}, "0 names"},
		"One":             {Query{Measures: count}, ""},
		"Everything":      {Query{By: []string{"user", ByTime, "context.tenant"}, Step: time.Hour, Measures: []string{"p95", "requests"}, Order: "requests", Contains: "a", Limit: MaxGroups}, ""},
		"TooMuchBy":       {Query{By: []string{"user", "role", "host", "ip"}, Measures: count}, "4 fields"},
		"Twice":           {Query{By: []string{"user", "user"}, Measures: count}, `"user" twice`},
		"TwoParameters":   {Query{By: []string{"context.a", "context.b"}, Measures: count}, ""},
		"Unknown":         {Query{By: []string{"nobody"}, Measures: count}, `"nobody"; known are time, application`},
		"NoParameter":     {Query{By: []string{"context."}, Measures: count}, "context.NAME"},
		"NotUTF8":         {Query{By: []string{"context.\xff"}, Measures: count}, "context"},
		"NotCounted":      {Query{By: []string{"duration"}, Measures: count}, `"duration"`},
		"NoStep":          {Query{By: []string{ByTime}, Measures: count}, "step is 0s"},
		"SmallStep":       {Query{By: []string{ByTime}, Step: 1500 * time.Millisecond, Measures: count}, "step is 1.5s"},
		"NegativeStep":    {Query{By: []string{ByTime}, Step: -time.Second, Measures: count}, "step is -1s"},
		"NoMeasure":       {Query{Measures: []string{"p42"}}, `"p42" is not one; known are requests`},
		"TooManyMeasures": {Query{Measures: make([]string, 1+len(Measures))}, "measures has"},
		"Order":           {Query{Measures: count, Order: "bytes"}, `"bytes"`},
		"NegativeLimit":   {Query{Measures: count, Limit: -1}, "-1"},
		"Limit":           {Query{Measures: count, Limit: MaxGroups + 1}, "10001"},
		"Contains":        {Query{Measures: count, Contains: "a"}, "contains"},
		"ContainsNoUTF8":  {Query{By: []string{"user"}, Measures: count, Contains: "\xff"}, "contains"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.q.Check()
			if (err == nil) != (c.names == "") || err != nil && !strings.Contains(err.Error(), c.names) {
				t.Errorf("%v, want %q", err, c.names)
			}
		})
	}
}

func TestQueryTimeGroup(t *testing.T) {
	at := record.TimeOf(time.Date(2026, 11, 16, 13, 59, 59, 999_999_000, time.UTC))
	for _, c := range []struct {
		step time.Duration
		t    record.Time
		want string
	}{
		{time.Second, at, "2026-11-16T13:59:59.000000Z"},
		{time.Hour, at, "2026-11-16T13:00:00.000000Z"},
		{time.Hour, at + 1, "2026-11-16T14:00:00.000000Z"},
		{7 * 24 * time.Hour, at, "2026-11-12T00:00:00.000000Z"}, // a Thursday, as 1970-01-01 was
		{time.Minute, -1, "1969-12-31T23:59:00.000000Z"},
		{time.Minute, -60_000_000, "1969-12-31T23:59:00.000000Z"},
	} {
		q := Query{Step: c.step}
		if got := q.TimeGroup(c.t); got != c.want {
			t.Errorf("%s in steps of %v: %s, want %s", c.t, c.step, got, c.want)
		}
	}
}

func TestQueryDefaults(t *testing.T) {
	if got := (&Query{}).GroupLimit(); got != DefaultGroups {
		t.Errorf("GroupLimit: %d", got)
	}
	if got := (&Query{Limit: 7}).GroupLimit(); got != 7 {
		t.Errorf("GroupLimit of 7: %d", got)
	}
	for _, c := range []struct {
		q    Query
		want bool
	}{{Query{By: []string{"user", ByTime}}, true}, {Query{By: []string{ByTime}, Order: "requests"}, false}, {Query{By: []string{"user"}}, false}} {
		if got := c.q.ByStart(); got != c.want {
			t.Errorf("by %q, order %q: %v", c.q.By, c.q.Order, got)
		}
	}
}

func TestContainsFold(t *testing.T) {
	for _, c := range []struct {
		text, part string
		want       bool
	}{{"Maria", "ARI", true}, {"JÜRGEN", "jü", true}, {"", "", true}, {"x", "", true}, {"", "x", false}, {"a_b", "a%b", false}} {
		if got := ContainsFold(c.text, c.part); got != c.want {
			t.Errorf("ContainsFold(%q, %q) = %v", c.text, c.part, got)
		}
	}
}
