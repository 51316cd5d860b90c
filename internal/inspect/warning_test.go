package inspect

import (
	"strings"
	"testing"

	"sojourn/internal/policy"
)

func TestCheckWarns(t *testing.T) {
	apps := "applications: [{name: a, hosts: [a.test]}, {name: b, hosts: [b.test], mode: block}, {name: c, mode: off}]\n"
	for _, tt := range []struct{ name, doc, fields, reason string }{
		{"nothing", tokenKeys, "", ""},
		{"same point, another name", `session: {parameters: [{name: x, group: true, point: 'request.header["x-id"]'}, {name: y, group: true, point: 'request.header["X-Id"]'}]}`,
			"session.parameters[1]", "never groups: session.parameters[0] (x)"},
		{"a context parameter takes nothing", `session: {parameters: [{name: x, point: request.ip}, {name: y, group: true, point: request.ip}]}`, "", ""},
		{"a part of a composite", `session: {parameters: [{name: x, group: true, point: 'request.query["a"]'}, {name: y, group: true, points: ['request.query["b"]', 'request.query["a"]']}]}`,
			"session.parameters[1]", "never groups"},
		{"a composite before its part", `session: {parameters: [{name: y, group: true, points: ['request.query["b"]', 'request.query["a"]']}, {name: x, group: true, point: 'request.query["a"]'}]}`, "", ""},
		{"fewer applications", apps + `session: {parameters: [{name: x, group: true, point: request.ip, applications: [a, b]}, {name: y, group: true, point: request.ip, applications: [b]}]}`,
			"session.parameters[1]", "for the same applications"},
		{"other applications", apps + `session: {parameters: [{name: x, group: true, point: request.ip, applications: [a]}, {name: y, group: true, point: request.ip, applications: [a, b]}, {name: z, group: true, point: request.ip}]}`, "", ""},
		{"context of one name", apps + `session: {parameters: [{name: x, point: request.ip, applications: [a]}, {name: x, point: request.ip, applications: [a]}]}`,
			"session.parameters[1]", "never counts"},
		{"response in mode block", apps + `session: {parameters: [{name: x, group: true, point: 'response.json["token"]', applications: [b]}, {name: y, group: true, point: 'response.json["token"]', applications: [b, c]}]}`,
			"session.parameters[0] session.parameters[1]", "too late to block it"},
		{"response of the composite", apps + `session: {parameters: [{name: x, group: true, points: [request.ip, 'response.json["token"]'], applications: [b]}]}`, "session.parameters[0]", "too late"},
		{"response where one monitors", apps + `session: {parameters: [{name: x, group: true, point: 'response.json["token"]', applications: [a, b]}]}`, "", ""},
		{"response as context", apps + `session: {parameters: [{name: x, point: 'response.json["token"]', applications: [b]}]}`, "", ""},
		{"of the policy itself", "masks: [{name: '.*'}]", "masks[0].name", "every name"},
	} {
		got, err := Check(parsePolicy(t, tt.doc+"\n"))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		var fields, reasons []string
		for _, w := range got {
			fields, reasons = append(fields, w.Field), append(reasons, w.Reason)
		}
		if strings.Join(fields, " ") != tt.fields || !strings.Contains(strings.Join(reasons, "\n"), tt.reason) {
			t.Errorf("%s: warned of %q, want %q with %q: %q", tt.name, fields, tt.fields, tt.reason, reasons)
		}
	}
}

// TestCheckWithTheRest: points that cannot be are told with the other problems.
func TestCheckWithTheRest(t *testing.T) {
	_, _, err := policy.Examine("p.yml", []byte(`version: 1
session:
  parameters:
    - {name: x, point: request.nothing}
    - {name: y, point: request.ip, kind: user}
masks: [{name: "("}, {point: response.nowhere}]
retention: {days: -1}
`), Check)
	want := []string{"p.yml:4: session.parameters[0].point: ", "p.yml:5: session.parameters[1].kind: ", "p.yml:6: masks[0].name: ", "p.yml:6: masks[1].point: ", "p.yml:7: retention.days: "}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d problems, want %d:\n%v", len(lines), len(want), err)
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], want[i]) {
			t.Errorf("%s, want %s…", lines[i], want[i])
		}
	}
}

// FuzzCheck: whatever the document, its problems or its warnings are told, and a
// policy without problems can be put in force.
func FuzzCheck(f *testing.F) {
	f.Add(tokenKeys + "masks: [{name: '('}, {point: x}, {}]\nmcp: [{host: a, session: request.ip}]\n")
	f.Add("applications: [{name: a, hosts: ['*'], mode: block}, {name: b}]\ncapture: {exclude: [{hosts: ['a*']}]}\nsession: {parameters: [{name: x, points: [response.json.a, request.ip], group: true, applications: [a]}]}\n")
	f.Fuzz(func(t *testing.T, doc string) {
		p, warnings, err := policy.Examine("p.yml", []byte("version: 1\n"+doc), Check)
		if (p == nil) != (err != nil) || err != nil && len(warnings) > 0 || len(warnings) > policy.MaxWarnings {
			t.Fatalf("%v, %d warnings, %v", p, len(warnings), err)
		}
		if err == nil {
			if _, err := New(Config{Key: testKey, Policy: p}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
