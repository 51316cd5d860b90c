package api

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sojourn/internal/record"
)

func text200(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("status %d, %v: %s", r.StatusCode, err, b)
	}
	return string(b)
}

// TestSignIn walks the whole way: token, link, cookie, and in.
func TestSignIn(t *testing.T) {
	f := newFixture(t)
	made := f.do("POST", "/api/v1/sign-in-codes", "Host", "localhost:9000")
	body := text200(t, made)
	for _, want := range []string{`"link":"http://localhost:9000/sign-in?code=`, `"expires":"2026-11-21T12:15:00.000000Z"`} {
		if !strings.Contains(body, want) {
			t.Errorf("answer %s lacks %s", body, want)
		}
	}
	_, rest, _ := strings.Cut(body, "code=")
	code, _, _ := strings.Cut(rest, `"`)
	target := signInPath + "?code=" + code

	if r := f.do("HEAD", target, "Authorization", ""); r.StatusCode != 200 || len(r.Cookies()) != 0 {
		t.Errorf("HEAD: status %d, cookies %v", r.StatusCode, r.Cookies())
	}
	if r := f.do("GET", target, "Authorization", "", "Sec-Purpose", "prefetch;prerender"); r.StatusCode != 503 || len(r.Cookies()) != 0 {
		t.Errorf("prefetch: status %d, cookies %v", r.StatusCode, r.Cookies())
	}
	r := f.do("GET", target, "Authorization", "")
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/" || len(r.Cookies()) != 1 {
		t.Fatalf("status %d to %q with cookies %v", r.StatusCode, r.Header.Get("Location"), r.Cookies())
	}
	c := r.Cookies()[0]
	if c.Name != cookieName || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/api/v1" || c.Secure || c.MaxAge != 7*24*3600 || c.Domain != "" {
		t.Errorf("cookie %+v", c)
	}
	if r := f.do("GET", "/api/v1/sessions", "Authorization", "", "Cookie", c.Name+"="+c.Value); r.StatusCode != 200 {
		t.Errorf("the cookie does not let in: %d", r.StatusCode)
	}
	if again := f.do("GET", target, "Authorization", ""); again.StatusCode != 403 || len(again.Cookies()) != 0 {
		t.Errorf("the code worked twice: %d %v", again.StatusCode, again.Cookies())
	}
}

func TestSignIn_Restart(t *testing.T) {
	value := newFixture(t).cookieOf(testNow)
	if r := newFixture(t).do("GET", "/api/v1/me", "Authorization", "", "Cookie", value); r.StatusCode != 200 {
		t.Errorf("a cookie does not outlive a restart: %d", r.StatusCode)
	}
}

func TestSignIn_Secure(t *testing.T) {
	f := newFixture(t)
	r := httptest.NewRequest("GET", f.SignInCode("https://"+testListen).Link, nil)
	r.TLS = &tls.ConnectionState{}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	if c := w.Result().Cookies(); len(c) != 1 || !c[0].Secure {
		t.Errorf("cookies %v over TLS", c)
	}
}

func TestSignIn_Refused(t *testing.T) {
	f := newFixture(t)
	expired := f.SignInCode("http://x").Code
	f.now = testNow.Add(codeLifetime)
	for name, query := range map[string]string{
		"None": "", "Empty": "?code=", "Wrong": "?code=" + url.QueryEscape(hostile), "Expired": "?code=" + expired,
		"Malformed": "?code=%zz", "Long": "?code=" + strings.Repeat("A", 4096),
	} {
		t.Run(name, func(t *testing.T) {
			r := f.do("GET", signInPath+query, "Authorization", "")
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			if r.StatusCode != 403 || len(r.Cookies()) != 0 || string(b) != refusedPage {
				t.Errorf("status %d, cookies %v, page %s", r.StatusCode, r.Cookies(), b)
			}
			if got := r.Header.Get("Content-Security-Policy"); got != inertPolicy {
				t.Errorf("policy %q", got)
			}
		})
	}
}

func TestSignInCode(t *testing.T) {
	f := newFixture(t)
	a, b := f.SignInCode("http://127.0.0.1:8070/"), f.SignInCode("http://127.0.0.1:8070")
	if a.Code == b.Code || len(a.Code) < 26 {
		t.Errorf("codes %q, %q", a.Code, b.Code)
	}
	want := record.SignInCode{Link: "http://127.0.0.1:8070/sign-in?code=" + a.Code, Code: a.Code, Expires: record.TimeOf(testNow.Add(codeLifetime))}
	if a != want {
		t.Errorf("%+v, want %+v", a, want)
	}
}

// TestSignIn_Browser walks with a browser's memory for cookies, which knows no
// ports: what else listens on the host does not get ours.
func TestSignIn_Browser(t *testing.T) {
	f := newFixture(t)
	server := httptest.NewServer(f)
	defer server.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	ask := func(method, target string, want int) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s %s: status %d, want %d", method, target, resp.StatusCode, want)
		}
	}
	ask("GET", f.SignInCode(server.URL).Link, 200) // by way of the console
	ask("GET", server.URL+"/api/v1/sessions", 200)
	for target, want := range map[string]int{
		server.URL + "/api/v1/me": 1, server.URL + "/": 0, server.URL + "/api/v2": 0,
		"http://127.0.0.1:1/": 0, "http://127.0.0.1:1/api/users": 0,
	} {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		if got := jar.Cookies(u); len(got) != want {
			t.Errorf("%s gets %v", target, got)
		}
	}
	ask("POST", server.URL+"/api/v1/sign-out", 204)
	ask("GET", server.URL+"/api/v1/sessions", 401)
}
