package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, doc string) *Policy {
	t.Helper()
	p, err := Parse("p.yml", []byte("version: 1\n"+doc))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func change(path, before, after string) Change {
	return Change{Path: path, Before: before, After: after}
}

func TestDiff(t *testing.T) {
	for _, c := range []struct {
		name, before, after string
		want                []Change
	}{
		{"Nothing", "retention: {days: 7}", "retention: {days: 7}\napplications: []", nil},
		{"Scalars", "retention: {days: 7}\njwks: a.json", "retention: {days: 8, bytes: 1GiB}",
			[]Change{change("jwks", "[a.json]", ""), change("retention.days", "7", "8"), change("retention.bytes", "", "1GiB")}},
		{"Lists", "client_address: {header: X-Real-Ip, trusted_proxies: [10.0.0.0/8]}", "client_address: {header: X-Real-Ip, trusted_proxies: [10.0.0.0/8, 192.0.2.0/24]}",
			[]Change{change("client_address.trusted_proxies", "['10.0.0.0/8']", "['10.0.0.0/8', '192.0.2.0/24']")}},
		{"AnItemKeepsItsName", "applications: [{name: a}, {name: b, paths: [/b]}]", "applications: [{name: new}, {name: a}, {name: b, paths: [/c]}]",
			[]Change{
				change("applications[b].paths", "[/b]", "[/c]"),
				change("applications[new]", "", "{name: new, mode: monitor, on_failure: pass}"),
			}},
		{"TheOrder", "session: {parameters: [{name: a, point: x, group: true}, {name: b, point: y}]}", "session: {parameters: [{name: b, point: y}, {name: a, point: x}]}",
			[]Change{
				change("session.parameters[a at x].group", "true", ""),
				change("session.parameters (order)", "a at x, b at y", "b at y, a at x"),
			}},
		{"TheSameTwice", "capture: {exclude: [{paths: [/a]}]}", "capture: {exclude: [{paths: [/a]}, {paths: [/a]}]}",
			[]Change{change("capture.exclude[{paths: [/a]} #2]", "", "{paths: [/a]}")}},
		{"Masks", "masks: [{name: a}, {point: p}]", "masks: [{point: p}]", []Change{change("masks[a]", "{name: a}", "")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Diff(parse(t, c.before), parse(t, c.after))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGuarded(t *testing.T) {
	f := func(before, after string, want int) {
		t.Helper()
		if got := Guarded(parse(t, before), parse(t, after)); len(got) != want {
			t.Errorf("%q -> %q: %v, want %d parts", before, after, got, want)
		}
	}
	f("", "applications: [{name: a, hosts: [a.test]}]\nmasks: [{name: x}]", 0)
	f("", "applications: [{name: a, upstream: 'http://a.test'}]", 1)
	f("applications: [{name: a, upstream: 'http://a.test'}]", "applications: [{name: b, upstream: 'http://a.test', mode: block}]", 0)
	f("applications: [{name: a, upstream: 'http://a.test'}]", "applications: [{name: a, upstream: 'http://a.test', paths: [/]}]", 0)
	f("applications: [{name: a, upstream: 'http://a.test'}]", "applications: [{name: a, upstream: 'http://a.test'}, {name: b, paths: [/b]}]", 1)
	f("applications: [{name: a, upstream: 'http://a.test'}]", "", 1)
	f("", "client_address: {header: X-Real-Ip, trusted_proxies: [10.0.0.0/8]}", 1)
	f("client_address: {header: X-Real-Ip, trusted_proxies: [10.0.0.0/8]}", "client_address: {header: X-Real-Ip, fingerprint_header: X-JA4, trusted_proxies: [10.0.0.0/8]}", 1)
	f("", "jwks: keys.json", 1)
	f("jwks: keys.json", "jwks: [keys.json]", 0)
	f("retention: {days: 7}", "retention: {days: 1}\nclient_address: {header: X-Real-Ip, trusted_proxies: [10.0.0.0/8]}\napplications: [{name: a, upstream: 'http://a.test'}]", 3)
}

func TestProblem(t *testing.T) {
	p := parse(t, "session:\n  parameters:\n    - name: a\n      point: x\n")
	if got := p.Problem("session.parameters[0].point", "%q is no point", "x").Error(); got != `p.yml:5: session.parameters[0].point: "x" is no point` {
		t.Error(got)
	}
	if got := Default().Problem("masks", "why").Error(); got != ": masks: why" {
		t.Error(got)
	}
}

func TestProblems(t *testing.T) {
	_, err := Parse("p.yml", []byte("version: 1\nx: 1\ny: 2\n"))
	got := Problems(err)
	if len(got) != 2 || got[0].Line != 2 || got[1].Field != "y" {
		t.Errorf("got %v", got)
	}
	_, _, err = Load("testdata/nowhere.yml", nil)
	if got := Problems(err); len(got) != 1 || got[0].Problem != err.Error() {
		t.Errorf("got %v", got)
	}
}
