package console

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var script = strings.Repeat("export const answer = 42;\n", 100)

func built(t *testing.T) *Console {
	t.Helper()
	c, err := newConsole(fstest.MapFS{
		".gitkeep":            {},
		"index.html":          {Data: []byte(`<meta name="csp-nonce" content="__CSP_NONCE__"><style nonce="__CSP_NONCE__">`)},
		"favicon.svg":         {Data: []byte("<svg/>")},
		"assets/app-3f2a.js":  {Data: []byte(script)},
		"assets/a-77.woff2":   {Data: []byte("not much")},
		"assets/unknown-1.xx": {Data: []byte("?")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func do(h http.Handler, method, target string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestConsole(t *testing.T) {
	type answer struct {
		Status      int
		Type, Cache string
	}
	const page, forever = "text/html; charset=utf-8", "public, max-age=31536000, immutable"
	c := built(t)
	for _, tt := range []struct {
		method, path string
		want         answer
	}{
		{"GET", "/", answer{200, page, "no-cache"}},
		{"HEAD", "/", answer{200, page, "no-cache"}},
		{"GET", "/index.html", answer{200, page, "no-cache"}},
		{"GET", "/sessions/9d71154dadd331c60b2f3a41c1d0e5aa", answer{200, page, "no-cache"}},
		{"GET", "/assets/app-3f2a.js", answer{200, "text/javascript; charset=utf-8", forever}},
		{"HEAD", "/assets/app-3f2a.js", answer{200, "text/javascript; charset=utf-8", forever}},
		{"GET", "/assets/unknown-1.xx", answer{200, "application/octet-stream", forever}},
		{"GET", "/favicon.svg", answer{200, "image/svg+xml", "no-cache"}},
		{"GET", "/assets/app-0000.js", answer{404, "text/plain; charset=utf-8", ""}},
		{"GET", "/assets/", answer{404, "text/plain; charset=utf-8", ""}},
		{"GET", "/api/v1/sessions", answer{404, "text/plain; charset=utf-8", ""}},
		{"GET", "/.gitkeep", answer{200, page, "no-cache"}},
		{"POST", "/", answer{405, "text/plain; charset=utf-8", ""}},
		{"DELETE", "/assets/app-3f2a.js", answer{405, "text/plain; charset=utf-8", ""}},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			r := do(c, tt.method, tt.path)
			got := answer{r.StatusCode, r.Header.Get("Content-Type"), r.Header.Get("Cache-Control")}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNonce(t *testing.T) {
	c := built(t)
	nonces := map[string]bool{}
	for range 3 {
		r := do(c, "GET", "/")
		found := regexp.MustCompile(`'nonce-([A-Z2-7]{26})'`).FindStringSubmatch(r.Header.Get("Content-Security-Policy"))
		if found == nil {
			t.Fatalf("no nonce in %q", r.Header.Get("Content-Security-Policy"))
		}
		want := `<meta name="csp-nonce" content="` + found[1] + `"><style nonce="` + found[1] + `">`
		if got := body(t, r); got != want {
			t.Errorf("page %q, want %q", got, want)
		}
		nonces[found[1]] = true
	}
	if len(nonces) != 3 {
		t.Errorf("%d nonces in 3 answers", len(nonces))
	}
}

func TestHeaders(t *testing.T) {
	c := built(t)
	for _, path := range []string{"/", "/assets/app-3f2a.js", "/assets/missing"} {
		h := do(c, "GET", path).Header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy %q lacks %s", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") || strings.Contains(csp, "http") {
			t.Errorf("%s: policy %q is not strict", path, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestGzip(t *testing.T) {
	c := built(t)
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "br, gzip;q=0.5": "gzip", "gzip;q=0": "", "gzip;q=0.0, br": "", "identity": "", "gzip;q=x": "", ";;,": "",
	} {
		r := do(c, "GET", "/assets/app-3f2a.js", "Accept-Encoding", accept)
		if got := r.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q, want %q", accept, got, want)
		}
		var content io.Reader = r.Body
		if want == "gzip" {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			content = z
		}
		if got, err := io.ReadAll(content); err != nil || string(got) != script {
			t.Errorf("Accept-Encoding %q: %d bytes (%v), want the script of %d", accept, len(got), err, len(script))
		}
		if r.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: no Vary", accept)
		}
	}
	if r := do(c, "GET", "/assets/a-77.woff2", "Accept-Encoding", "gzip"); r.Header.Get("Content-Encoding") != "" {
		t.Error("a file that gains nothing was compressed")
	}
}

func TestNotModified(t *testing.T) {
	c := built(t)
	for _, accept := range []string{"", "gzip"} {
		etag := do(c, "GET", "/assets/app-3f2a.js", "Accept-Encoding", accept).Header.Get("ETag")
		r := do(c, "GET", "/assets/app-3f2a.js", "Accept-Encoding", accept, "If-None-Match", etag)
		if etag == "" || r.StatusCode != http.StatusNotModified {
			t.Errorf("Accept-Encoding %q: ETag %q gives %d", accept, etag, r.StatusCode)
		}
	}
}

func TestUnbuilt(t *testing.T) {
	c, err := newConsole(fstest.MapFS{".gitkeep": {}})
	if err != nil {
		t.Fatal(err)
	}
	r := do(c, "GET", "/")
	if got := body(t, r); r.StatusCode != 200 || !strings.Contains(got, "make build") {
		t.Errorf("%d %q", r.StatusCode, got)
	}
	if r := do(c, "HEAD", "/"); r.StatusCode != 200 {
		t.Errorf("HEAD: %d", r.StatusCode)
	}
}

func TestNew(t *testing.T) {
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if r := do(c, "GET", "/"); r.StatusCode != 200 {
		t.Errorf("the embedded console answers %d", r.StatusCode)
	}
}
