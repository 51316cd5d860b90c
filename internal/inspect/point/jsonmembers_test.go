package point

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// walked shows what a walk along members and elements meets.
func walked(text string) (shown, reason string, at int) {
	limits := DefaultLimits()
	limits.Depth, limits.Members = 4, 12
	r := &run{Limits: limits, out: new(Result)}
	s := jsonScan{run: r, data: []byte(text), room: limits.Members, depth: limits.Depth}
	var b strings.Builder
	var walk func() bool
	walk = func() bool {
		switch s.peek() {
		case '{':
			b.WriteByte('{')
			return s.eachMember(func(name []byte) bool { fmt.Fprintf(&b, "%q:", name); return walk() }) && b.WriteByte('}') == nil
		case '[':
			b.WriteByte('[')
			return s.eachElement(walk) && b.WriteByte(']') == nil
		}
		value, ok := s.raw()
		fmt.Fprintf(&b, "%s(%s) ", value, r.text(value))
		return ok
	}
	s.blank()
	walk()
	for _, n := range r.out.Notes {
		s.reason += "limit " + n.Text
	}
	return b.String(), s.reason, s.at
}

func TestMembers(t *testing.T) {
	for _, c := range []struct{ in, want, reason string }{
		{` { } `, "{}", ""},
		{`[ ]`, "[]", ""},
		{`{"a" : 1 , "\u0062":["x\n",null]}`, `{"a":1() "b":["x\n"(x` + "\n" + `) null() ]}`, ""},
		{`{"a":"half`, `{"a":"half(half) `, "a string does not end"},
		{`{"a"`, `{`, "expected : behind the name of a member"},
		{`{"a":1`, `{"a":1() `, "an object or an array does not end"},
		{`{"a":1,}`, `{"a":1() `, "expected the name of a member"},
		{`{`, `{`, "an object does not end"},
		{`{1`, `{`, "expected the name of a member"},
		{`[1,`, `[1() () `, "a value is missing"},
		{`[1 2]`, `[1() `, "expected a comma or the end of an object or an array"},
		{`[[[[1]]]]`, `[[[[1() ]]]]`, ""},
		{`[[[[[`, `[[[[[`, "limit depth"},
		{`[[],[],[],[],{},{},{},{},[],[],[],[]]`, `[[][][][]{}{}{}{}[][][][`, "limit members"},
	} {
		got, reason, _ := walked(c.in)
		if diff := cmp.Diff([2]string{c.want, c.reason}, [2]string{got, reason}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.in, diff)
		}
	}
}

func FuzzMembers(f *testing.F) {
	f.Add(`{"a":[1,{"b":"c"}],"d":null}`)
	f.Add(` [ [ ] , { } ] `)
	f.Fuzz(func(t *testing.T, text string) {
		_, reason, at := walked(text)
		if strings.HasPrefix(reason, "limit") {
			return
		}
		// The walk ends behind its value.
		if whole := json.Valid([]byte(text)); whole && reason != "" || reason == "" && !json.Valid([]byte(text[:at])) {
			t.Errorf("%q: ends at %d: %q", text, at, reason)
		}
	})
}
