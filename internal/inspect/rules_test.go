package inspect

import (
	"strings"
	"testing"
)

func TestExclude(t *testing.T) {
	p := testPipeline(t, `applications:
  - {name: silent, hosts: [silent.example.com], mode: off}
capture:
  exclude:
    - {paths: ["/healthz", "/static/*"]}
    - {hosts: ["Internal.example.com"], methods: [options, "PROP*"]}
`)
	f := func(method, host, path string, want bool) {
		t.Helper()
		x := get(host, path, "")
		x.Method = method
		p.Begin(x)
		_, keep, err := p.Inspect(x)
		if p.Excluded(x) != want || keep == want || err != nil {
			t.Errorf("%s %s%s: excluded %v, kept %v, %v", method, host, path, p.Excluded(x), keep, err)
		}
	}
	f("GET", "a.example.com", "/healthz", true)
	f("GET", "a.example.com", "/healthz/", false)
	f("GET", "a.example.com", "/Healthz", false)
	f("GET", "a.example.com", "/static/css/site.css", true)
	f("GET", "silent.example.com:8080", "/", true)
	f("OPTIONS", "internal.example.com:8080", "/", true)
	f("PROPFIND", "INTERNAL.example.com.", "/", true)
	f("GET", "internal.example.com", "/", false)
	f("OPTIONS", "a.example.com", "/", false)

	// Nobody slips out of the records by the way a path is written.
	for _, path := range []string{"/static/../admin", "/static/%2e%2e/admin", "/static/.%2E/admin", "/static/%2E./admin",
		`/static/..\admin`, "/static/..%5cadmin", "/static/..%2fadmin", "/static/..;/admin", "/static/%252e%252e/admin", "/static/%"} {
		f("GET", "a.example.com", path, false)
	}
}

// TestModeOff: an application that is off is not recorded; nobody slips into it by
// the way a path is written.
func TestModeOff(t *testing.T) {
	f := func(doc string, recorded map[string]string) {
		t.Helper()
		p := testPipeline(t, doc)
		for target, want := range recorded {
			host, path, _ := strings.Cut(target, "/")
			r, keep, err := p.Inspect(get(host, "/"+path, ""))
			if keep != (want != "") || r.Application != want || err != nil {
				t.Errorf("%s: kept %v as %q, want %q (%v)", target, keep, r.Application, want, err)
			}
		}
	}
	f("applications: [{name: rest}, {name: off, paths: [/off], mode: off}]\n", map[string]string{
		"h/off": "", "h/off/x": "", "h/./off": "", "h/%6fff/x": "", "h/offx": "rest",
		"h/admin/..%2foff/x": "off", "h/admin/../off/x": "off", `h/admin\..\/..%2foff`: "off",
		"h/off;/../admin": "rest", "h/off/..;/admin": "off", "h/off/%2e%2e/admin": "rest",
	})
	// Where another path of the host is watched, so is what may be meant for it.
	f(`applications:
  - {name: quiet, hosts: ["*.example.com"], mode: off}
  - {name: api, hosts: [a.example.com], paths: [/api]}
`, map[string]string{
		"a.example.com/x": "", "a.example.com/api/x": "api", "a.example.com/api/..%2fx": "quiet", "other.test/x": "default",
		"b.example.com/x": "", "b.example.com/a;b=1": "", "b.example.com/x/%2e%2e/y": "",
	})
}

func TestApplications(t *testing.T) {
	p := testPipeline(t, `applications:
  - {name: api, hosts: ["*.example.com"], paths: [/api]}
  - {name: site, hosts: ["*.example.com"]}
`)
	for at, want := range map[[2]string]string{
		{"a.example.com", "/api/x"}: "api", {"a.example.com", "/x"}: "site", {"other.test", "/api"}: "default", {"", ""}: "default",
	} {
		if r, _, err := p.Inspect(get(at[0], at[1], "")); r.Application != want || err != nil {
			t.Errorf("%v: %s, want %s (%v)", at, r.Application, want, err)
		}
	}
}
