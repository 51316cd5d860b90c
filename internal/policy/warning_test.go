package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// warned returns the fields that are warned of, and the reasons.
func warned(t *testing.T, doc string) (fields, reasons []string) {
	t.Helper()
	p, err := Parse("p.yml", []byte("version: 1\n"+doc))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range SortWarnings(p.Warnings()) {
		if w.Line < 2 || w.Reason == "" {
			t.Errorf("no line or reason: %+v", w)
		}
		fields, reasons = append(fields, w.Field), append(reasons, w.Reason)
	}
	return fields, reasons
}

func TestWarnings(t *testing.T) {
	for _, tt := range []struct{ name, doc, fields, reason string }{
		{"nothing", "applications: [{name: a, hosts: [a.test]}, {name: b, mode: off}]\nsession: {parameters: [{name: p, point: request.ip}, {name: q, point: request.ip, applications: [a, b]}]}\n", "", ""},

		{"parameter of what is off", "applications: [{name: a, hosts: [a.test], mode: off}]\nsession: {parameters: [{name: p, point: request.ip, applications: [a]}]}\n",
			"session.parameters[0].applications", "a is off"},
		{"parameter of several", "applications: [{name: a, hosts: [a.test], mode: off}, {name: b, hosts: [b.test], mode: off}]\nsession: {parameters: [{name: p, point: request.ip, applications: [a, b]}]}\n",
			"session.parameters[0].applications", "a, b are off"},
		{"one is on", "applications: [{name: a, hosts: [a.test], mode: off}, {name: b, hosts: [b.test]}]\nsession: {parameters: [{name: p, point: request.ip, applications: [a, b]}]}\n", "", ""},
		{"default is left", "applications: [{name: a, hosts: [a.test]}]\nsession: {parameters: [{name: p, point: request.ip, applications: [default]}]}\n", "", ""},
		{"nothing is left for default", "applications: [{name: a}]\nsession: {parameters: [{name: p, point: request.ip, applications: [default]}]}\n",
			"session.parameters[0].applications", "leave none to default"},
		{"default is off", "applications: [{name: a, hosts: [a.test]}, {name: default, mode: off}]\nsession: {parameters: [{name: p, point: request.ip, applications: [default]}]}\n",
			"session.parameters[0].applications", "default is off"},
		{"all are off", "applications: [{name: a, hosts: [a.test], mode: off}, {name: b, mode: off}]\n", "applications", "every application is off"},
		{"all but the rest are off", "applications: [{name: a, hosts: [a.test], mode: off}]\n", "", ""},

		{"covered", "applications: [{name: a}, {name: b}]\n", "applications[1]", "applications[0] (a) comes before it"},
		{"covered in another spelling", "applications: [{name: a, hosts: [A.test], paths: [/x]}, {name: b, hosts: [a.test.], paths: [/%78]}]\n", "applications[1]", "(a)"},
		{"covered by two", "applications: [{name: a, hosts: [a.test]}, {name: b, hosts: [b.test]}, {name: c, hosts: [a.test, b.test]}]\n", "applications[2]", "(b)"},
		{"partly covered", "applications: [{name: a, hosts: [a.test]}, {name: b, hosts: [a.test, b.test]}]\n", "", ""},
		{"longer path behind", "applications: [{name: a}, {name: b, paths: [/b]}]\n", "", ""},
		{"more exact host behind", "applications: [{name: a, hosts: ['*']}, {name: b, hosts: ['*.test']}, {name: c, hosts: [c.test]}]\n", "", ""},
		{"the same twice in one", "applications: [{name: a, hosts: [a.test, a.test]}]\n", "", ""},

		{"exclude of an application", "applications: [{name: a, hosts: [a.test, '*.a.test'], paths: [/a]}]\ncapture: {exclude: [{hosts: ['*a.test'], paths: ['/*']}]}\n",
			"capture.exclude[0]", "every request of a: mode: off"},
		{"exclude of a part of the hosts", "applications: [{name: a, hosts: [a.test, b.test]}]\ncapture: {exclude: [{hosts: ['a.*']}]}\n", "", ""},
		{"exclude of a part of the paths", "applications: [{name: a, paths: [/a]}]\ncapture: {exclude: [{paths: ['/a/*']}]}\n", "", ""},
		{"exclude of a path and what it begins", "applications: [{name: a, hosts: [a.test], paths: [/a]}]\ncapture: {exclude: [{paths: ['/a*']}]}\n", "capture.exclude[0]", "of a:"},
		{"exclude of a method", "applications: [{name: a}]\ncapture: {exclude: [{methods: [OPTIONS]}]}\n", "", ""},
		{"exclude of everything", "capture: {exclude: [{methods: ['*']}]}\n", "capture.exclude[0]", "nothing is recorded"},
		{"exclude of what is off anyway", "applications: [{name: a, hosts: [a.test], mode: off}]\ncapture: {exclude: [{hosts: [a.test]}]}\n", "", ""},
		{"exclude of many", "applications: [" + apps(5) + "]\ncapture: {exclude: [{hosts: ['a?.test']}]}\n", "capture.exclude[0]", "a0, a1, a2 and 2 more"},
		{"a wildcard is more than a letter", "applications: [{name: a, hosts: ['*.test']}]\ncapture: {exclude: [{hosts: ['?.test']}]}\n", "", ""},
		{"a wildcard may be nothing", "applications: [{name: a, hosts: ['*.test']}]\ncapture: {exclude: [{hosts: ['?*.test']}]}\n", "", ""},

		{"name that matches everything", "masks: [{name: '.*'}, {name: secret}, {name: 'x|'}]\n", "masks[0].name masks[2].name", "every name"},
		{"name of one letter", "masks: [{name: '^[a-z]$'}]\n", "", ""},
		{"name that cannot match", `masks: [{name: 'a^b'}, {name: '^$'}, {name: '[^\x00-\x{10FFFF}]'}, {name: '\Bx\b$y'}]` + "\n",
			"masks[0].name masks[1].name masks[2].name masks[3].name", "no name"},

		{"server of an application that is off", "applications: [{name: a, hosts: [crm.test], mode: off}]\nmcp: [{host: crm.test, path: /mcp}]\n", "mcp[0]", "crm.test/mcp are off"},
		{"server of a path that is on", "applications: [{name: a, hosts: [crm.test], mode: off}, {name: b, hosts: [crm.test], paths: [/mcp/x]}]\nmcp: [{host: crm.test, path: /mcp}]\n", "", ""},
		{"server of another path that is on", "applications: [{name: a, hosts: [crm.test], mode: off}, {name: b, hosts: [crm.test], paths: [/other]}]\nmcp: [{host: crm.test, path: /mcp}]\n", "mcp[0]", "off"},
		{"server of the rest", "applications: [{name: a, hosts: [crm.test], mode: off}]\nmcp: [{path: /mcp}]\n", "", ""},
		{"server of any host, all off", "applications: [{name: rest, mode: off}, {name: b, hosts: ['b.*'], paths: [/api]}]\nmcp: [{path: /mcp}]\n", "mcp[0]", "/mcp are off"},
		{"server of any host, one on", "applications: [{name: rest, mode: off}, {name: b, hosts: ['b.*']}]\nmcp: [{path: /mcp}]\n", "", ""},
		{"globs that meet", "applications: [{name: rest, mode: off}, {name: b, hosts: ['crm.*']}]\nmcp: [{host: '*.example.com', path: /mcp}]\n", "", ""},
		{"globs that do not meet", "applications: [{name: rest, mode: off}, {name: b, hosts: ['crm.*.org']}]\nmcp: [{host: '*.example.com', path: /mcp}]\n", "mcp[0]", "off"},

		// Whether the node sees JA4 is said by its flags, not by the policy.
		{"fingerprint", "session: {fingerprint: true, parameters: [{name: ja4, point: request.ja4}]}\n", "", ""},
	} {
		fields, reasons := warned(t, tt.doc)
		if strings.Join(fields, " ") != tt.fields || !strings.Contains(strings.Join(reasons, "\n"), tt.reason) {
			t.Errorf("%s: warned of %q, want %q with %q: %q", tt.name, fields, tt.fields, tt.reason, reasons)
		}
	}
}

func apps(n int) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("{name: a%d, hosts: [a%d.test]}", i, i))
	}
	return strings.Join(out, ", ")
}

// TestWarningsBounded: what a large document says is not compared without end, nor
// told without end.
func TestWarningsBounded(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("applications:\n")
	for i := range 3000 {
		fmt.Fprintf(&doc, "- {name: a%d, hosts: ['*a%d.test']}\n", i, i/2)
	}
	doc.WriteString("capture:\n  exclude:\n")
	for range 3000 {
		doc.WriteString("  - {hosts: ['b*.c*.d*']}\n")
	}
	p, err := Parse("p.yml", []byte("version: 1\n"+doc.String()))
	if err != nil {
		t.Fatal(err)
	}
	w := warner{p: p, comparisons: maxComparisons}
	w.excludes()
	if w.comparisons > 0 || len(w.found) > 0 {
		t.Errorf("%d comparisons left, %d warnings", w.comparisons, len(w.found))
	}
	if got := SortWarnings(p.Warnings()); len(got) != MaxWarnings || got[0].Field != "applications[1]" {
		t.Errorf("%d warnings, the first is %+v", len(got), got[0])
	}
}

// TestExamine: problems of a check are told with the others, in the order of the
// lines, unless their field has one already; warnings are those of the check.
func TestExamine(t *testing.T) {
	check := func(p *Policy) ([]Warning, error) {
		if p.Masks[0].Point == "bad" {
			return nil, p.Problem("masks[0].point", "no point")
		}
		return []Warning{p.Warning("masks[0].point", "rare")}, nil
	}
	_, _, err := Examine("p.yml", []byte("version: 1\nmasks:\n  - {point: bad}\nextra: 1\ncapture: {keep_query: some}\n"), check)
	var lines []int
	for _, e := range Problems(err) {
		lines = append(lines, e.Line)
	}
	if diff := cmp.Diff([]int{3, 4, 5}, lines); diff != "" {
		t.Errorf("%s%v", diff, err)
	}
	p, warnings, err := Examine("p.yml", []byte("version: 1\nmasks: [{point: good}]\n"), check)
	if diff := cmp.Diff([]Warning{{Line: 2, Field: "masks[0].point", Reason: "rare"}}, warnings); p == nil || err != nil || diff != "" {
		t.Errorf("%v, %v, %s", p, err, diff)
	}
}
