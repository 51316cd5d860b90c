package api

import (
	"strings"
	"testing"
)

func TestHosts(t *testing.T) {
	for _, tt := range []struct {
		listen  string
		extra   []string
		allowed string // separated by spaces
		refused string
	}{
		{"127.0.0.1:8070", nil,
			"127.0.0.1:8070 127.0.0.1 localhost:8070 LOCALHOST localhost. 127.0.0.2:1 [::1]:8070 [::1] localhost:9000",
			"evil.example localhost.evil.example 127.0.0.1.nip.io 192.0.2.1 192.0.2.1:8070 [2001:db8::1]:8070 127.1 0x7f000001 localhost:x:y user@localhost"},
		{"10.1.2.3:8070", nil, "10.1.2.3:8070 127.0.0.1:8070", "10.1.2.4:8070 evil.example"},
		{"0.0.0.0:8070", nil, "10.1.2.3:8070 [2001:db8::1]:8070 localhost:8070", "evil.example:8070"},
		{":8070", nil, "10.1.2.3", "evil.example"},
		{"[::]:8070", []string{"Console.Example.com", "other.example:8443"},
			"console.example.com console.example.com:443 CONSOLE.example.com. other.example", "x.console.example.com evil.example"},
		{"console.lan:8070", nil, "console.lan:8070 console.lan", "evil.lan:8070 192.0.2.1"},
	} {
		h, err := newHosts(tt.listen, tt.extra)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields(tt.allowed) {
			if !h.allows(name) {
				t.Errorf("listening on %s: %q is refused", tt.listen, name)
			}
		}
		for _, name := range append(strings.Fields(tt.refused), "", ":", "[", " ") {
			if h.allows(name) {
				t.Errorf("listening on %s: %q is allowed", tt.listen, name)
			}
		}
	}
}

// TestHosts_Everywhere checks that no path of the console's address answers to a
// foreign name, the console's own files and health included.
func TestHosts_Everywhere(t *testing.T) {
	f := newFixture(t)
	paths := []string{"/", "/assets/a.js", "/healthz", "/readyz", "/metrics", "/sign-in?code=x", "/api/v1/nothing"}
	for _, pattern := range f.patterns(t) {
		_, path := f.target(pattern)
		paths = append(paths, path)
	}
	for _, path := range paths {
		p := problemIn(t, f.do("GET", path, "Host", "rebound.example:8070"))
		if p.Status != 421 || !strings.Contains(p.Detail, "--console-host") || !strings.Contains(p.Detail, "rebound.example") {
			t.Errorf("%s: %+v", path, p)
		}
	}
}
