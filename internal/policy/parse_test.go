package policy

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	got, _, err := Load("testdata/full.good.yml", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &Policy{
		Version: 1,
		Applications: []Application{
			{Name: "shop", Hosts: []string{"shop.example.com", "*.shop.example.com"}, Paths: []string{"/"}, Upstream: "http://127.0.0.1:3000", Mode: ModeMonitor, OnFailure: Pass},
			{Name: "admin_2", Hosts: []string{"[2001:db8::1]", "192.0.2.7"}, Paths: []string{"/admin", "/internal/"}, Upstream: "https://[2001:db8::2]:8443/base", Mode: ModeBlock, OnFailure: Pass},
			{Name: "default", Mode: ModeOff, OnFailure: Pass},
		},
		Capture: Capture{
			Exclude: []Exclude{
				{Paths: []string{"/healthz", "/static/*", "*.png"}},
				{Hosts: []string{"*.internal"}, Methods: []string{"OPTIONS", "PROP*"}},
			},
			KeepQuery: KeepQueryNames,
		},
		ClientAddress: ClientAddress{Header: "X-Forwarded-For", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}},
		Retention:     Retention{Days: 7, Bytes: 50 << 30},
	}
	if diff := cmp.Diff(want, got, equal); diff != "" {
		t.Error(diff)
	}
	for _, a := range got.Applications {
		if u := a.UpstreamURL(); (u == nil) != (a.Upstream == "") {
			t.Errorf("%s: UpstreamURL() = %v", a.Name, u)
		}
	}
}

func TestParseGood(t *testing.T) {
	for _, file := range fixtures(t, "good") {
		if _, _, err := Load(file, nil); err != nil {
			t.Error(err)
		}
	}
}

// TestParseBad holds each document against the errors its first lines ask for,
// all of them and in order.
func TestParseBad(t *testing.T) {
	for _, file := range fixtures(t, "bad") {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for line := range strings.Lines(string(doc)) {
			if text, ok := strings.CutPrefix(line, "# want: "); ok {
				sep := ": "
				if strings.HasPrefix(text, ":") {
					sep = ""
				}
				want = append(want, file+sep+strings.TrimSpace(text))
			}
		}
		got := ""
		if _, err := Parse(file, doc); err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(strings.Join(want, "\n"), got); diff != "" {
			t.Errorf("%s:\n%s", file, diff)
		}
	}
}

func TestParseDefaults(t *testing.T) {
	got, err := Parse("p.yml", []byte("\ufeffversion: 1"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), got, equal); diff != "" {
		t.Error(diff)
	}
}

func TestParseBounds(t *testing.T) {
	if _, err := Parse("p.yml", make([]byte, MaxDocument+1)); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("a document over MaxDocument: %v", err)
	}
	_, err := Parse("p.yml", []byte("version: 1\nxxx: 1\n"))
	e := new(Error)
	if !errors.As(err, &e) || e.Line != 2 || e.Field != "xxx" || e.File != "p.yml" {
		t.Errorf("the error is not told by its parts: %#v", err)
	}
	many := "version: 1\n"
	for i := range maxProblems + 5 {
		many += strings.Repeat("z", i+1) + ": 1\n"
	}
	if _, err := Parse("p.yml", []byte(many)); strings.Count(err.Error(), "\n")+1 != maxProblems {
		t.Errorf("want %d problems told, got:\n%v", maxProblems, err)
	}
}

func TestLoadMissing(t *testing.T) {
	if _, _, err := Load("testdata/nowhere.yml", nil); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "--policy") {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, file := range append(fixtures(f, "good"), fixtures(f, "bad")...) {
		doc, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := Parse("p.yml", doc)
		if (p == nil) != (err != nil) {
			t.Fatalf("Parse = %v, %v", p, err)
		}
		if err != nil {
			return
		}
		for i := range p.Applications {
			p.Applications[i].UpstreamURL() // panics unless validated
		}
		for i := range p.Masks {
			p.Masks[i].Pattern()
		}
		checkFormat(t, p)
		NewMatcher(p.Applications).Match("a.example.com", "/x")
	})
}

func fixtures(t testing.TB, kind string) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*." + kind + ".yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s fixtures: %v", kind, err)
	}
	return files
}
