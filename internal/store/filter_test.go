package store

import (
	"testing"

	"sojourn/internal/record"
)

func conditions(t *testing.T, pairs ...string) (cs []Condition) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		name, not := pairs[i], false
		if name[0] == '!' {
			name, not = name[1:], true
		}
		c, err := NewCondition(name, not, pairs[i+1])
		if err != nil {
			t.Fatal(err)
		}
		cs = append(cs, c)
	}
	return cs
}

func TestFilterMatch(t *testing.T) {
	id, other := record.SessionID{1}, record.SessionID{2}
	at, later := record.RequestID{At: 100, Seq: 1}, record.RequestID{At: 100, Seq: 2}
	r := record.Request{ID: at, Started: 100, Session: id, Status: 404, User: "maria"}
	for name, c := range map[string]struct {
		filter Filter
		want   bool
	}{
		"Zero":             {Filter{}, true},
		"From":             {Filter{From: 100}, true},
		"After":            {Filter{From: 101}, false},
		"To":               {Filter{To: 100}, false},
		"Before":           {Filter{To: 101}, true},
		"Session":          {Filter{Session: &id}, true},
		"AnotherSession":   {Filter{Session: &other}, false},
		"Request":          {Filter{Request: &at}, true},
		"AnotherRequest":   {Filter{Request: &later}, false},
		"BothHold":         {Filter{Where: conditions(t, "status", "4xx", "user", "maria")}, true},
		"OneDoesNot":       {Filter{Where: conditions(t, "status", "4xx", "!user", "maria")}, false},
		"HasIsOfSessions":  {Filter{Has: conditions(t, "user", "bob")}, true},
		"EverythingAtOnce": {Filter{From: 100, To: 101, Session: &id, Request: &at, Where: conditions(t, "!status", "5xx")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.filter.Match(&r); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestFilterMatchSession(t *testing.T) {
	failed, maria := &record.Request{Status: 500}, &record.Request{Status: 200, User: "maria"}
	for name, c := range map[string]struct {
		has  []Condition
		want bool
	}{
		"None":          {nil, true},
		"OnTwoRequests": {conditions(t, "status", "5xx", "user", "maria"), true},
		"HasNot":        {conditions(t, "user", "bob"), false},
		"HasNone":       {conditions(t, "!user", "bob"), true},
		"HasOne":        {conditions(t, "!user", "maria"), false}, // whatever the others have
		"AllMustHold":   {conditions(t, "user", "maria", "!status", "2xx"), false},
	} {
		t.Run(name, func(t *testing.T) {
			f := Filter{Has: c.has}
			if got := f.MatchSession([]*record.Request{failed, maria}); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
	nothing := Filter{Has: conditions(t, "!user", "maria")}
	if !nothing.MatchSession(nil) {
		t.Error("a session without requests in the range has one")
	}
}
