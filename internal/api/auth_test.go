package api

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"sojourn/internal/record"
)

// cookieOf returns a cookie header of a browser that signed in at a time.
func (f *fixture) cookieOf(at time.Time) string {
	return cookieName + "=" + f.cookies.issue(at, false).Value
}

// target fills in the ids of a route's pattern.
func (f *fixture) target(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	id := aliceID.String()
	if strings.Contains(path, "/requests/{id}") {
		id = f.requests[0].ID.String()
	}
	return method, strings.NewReplacer("{id}", id, "{revision}", "0", "{day}", testNow.Format("2006-01-02")).Replace(path)
}

func (f *fixture) patterns(t *testing.T) []string {
	t.Helper()
	m := &routes{}
	f.route(newHuma(m))
	if len(m.patterns) == 0 {
		t.Fatal("the API has no routes")
	}
	return m.patterns
}

func TestAuthenticate(t *testing.T) {
	f := newFixture(t)
	good := f.cookieOf(testNow)
	foreign := newFixture(t, func(c *Config) { c.Key = bytes.Repeat([]byte{8}, 32) }).cookieOf(testNow)
	older := newFixture(t, func(c *Config) { c.Token = strings.Repeat("x", 64) }).cookieOf(testNow)
	for name, tt := range map[string]struct {
		header []string
		in     bool
		cookie bool
	}{
		"Nothing":           {nil, false, false},
		"Token":             {[]string{"Authorization", "Bearer " + testToken}, true, false},
		"TokenLowerScheme":  {[]string{"Authorization", "bearer " + testToken}, true, false},
		"WrongToken":        {[]string{"Authorization", "Bearer " + testToken[1:]}, false, false},
		"EmptyToken":        {[]string{"Authorization", "Bearer "}, false, false},
		"TokenAsBasic":      {[]string{"Authorization", "Basic " + testToken}, false, false},
		"Cookie":            {[]string{"Cookie", good}, true, true},
		"ExpiredCookie":     {[]string{"Cookie", f.cookieOf(testNow.Add(-cookieLifetime))}, false, false},
		"TamperedCookie":    {[]string{"Cookie", good[:len(good)-5] + "AAAAA"}, false, false},
		"ForeignKeyCookie":  {[]string{"Cookie", foreign}, false, false},
		"OldTokenCookie":    {[]string{"Cookie", older}, false, false},
		"BadThenGoodCookie": {[]string{"Cookie", cookieName + "=x; " + good}, true, true},
		"WrongTokenAndGood": {[]string{"Authorization", "Bearer x", "Cookie", good}, false, false},
		"TokenInQuery":      {nil, false, false},
	} {
		for _, pattern := range f.patterns(t) {
			method, path := f.target(pattern)
			if name == "TokenInQuery" {
				path += "?token=" + testToken
			}
			f.cookies = testCookies(t) // of whom nobody has signed out yet
			r := f.do(method, path, append([]string{"Authorization", ""}, tt.header...)...)
			switch {
			case !tt.in && r.StatusCode != 401:
				t.Errorf("%s, %s: status %d, want 401", name, pattern, r.StatusCode)
			case !tt.in:
				problemIn(t, r)
				if r.Header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s, %s: no WWW-Authenticate", name, pattern)
				}
			case tt.cookie && strings.HasSuffix(path, "/sign-in-codes"):
				if p := problemIn(t, r); p.Status != 403 {
					t.Errorf("%s: a cookie made a sign-in code: %+v", name, p)
				}
			case r.StatusCode == 401 || r.StatusCode == 403 || r.StatusCode >= 500: // some want more than a credential
				t.Errorf("%s, %s: status %d", name, pattern, r.StatusCode)
			}
		}
		if r := f.do("GET", "/api/unknown", append([]string{"Authorization", ""}, tt.header...)...); !tt.in && r.StatusCode != 401 {
			t.Errorf("%s: an unknown path answers %d before asking who", name, r.StatusCode)
		}
	}
}

func TestCrossOrigin(t *testing.T) {
	f := newFixture(t)
	own := "http://" + testListen
	for name, tt := range map[string]struct {
		header []string
		status int
	}{
		"SameOrigin":     {[]string{"Sec-Fetch-Site", "same-origin", "Origin", own}, 204},
		"NoBrowser":      {nil, 204},
		"CrossSite":      {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403},
		"SameSite":       {[]string{"Sec-Fetch-Site", "same-site", "Origin", "http://127.0.0.1:9999"}, 403},
		"OldBrowser":     {[]string{"Origin", "https://evil.example"}, 403},
		"OpaqueOrigin":   {[]string{"Origin", "null"}, 403},
		"OldBrowserSame": {[]string{"Origin", own}, 204},
	} {
		cookie := append([]string{"Authorization", "", "Cookie", f.cookieOf(testNow)}, tt.header...)
		r := f.do("POST", "/api/v1/sign-out", cookie...)
		if r.StatusCode != tt.status {
			t.Errorf("%s: status %d, want %d", name, r.StatusCode, tt.status)
		}
		if tt.status == 403 {
			problemIn(t, r)
			if r.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s: refused, and signed out all the same", name)
			}
		}
	}
}

func TestMe(t *testing.T) {
	f := newFixture(t)
	if got := fetch[record.Me](t, f, "/api/v1/me", 200); got != (record.Me{Credential: "token"}) {
		t.Errorf("with the token: %+v", got)
	}
	r := f.do("GET", "/api/v1/me", "Authorization", "", "Cookie", f.cookieOf(testNow))
	want := `{"credential":"cookie","expires":"2026-11-28T12:00:00.000000Z"}` + "\n"
	if got := text200(t, r); got != want {
		t.Errorf("with a cookie: %s, want %s", got, want)
	}
}

func TestSignOut(t *testing.T) {
	f := newFixture(t)
	r := f.do("POST", "/api/v1/sign-out", "Authorization", "", "Cookie", f.cookieOf(testNow))
	cookies := r.Cookies()
	if r.StatusCode != 204 || len(cookies) != 1 {
		t.Fatalf("status %d, cookies %v", r.StatusCode, cookies)
	}
	if c := cookies[0]; c.Name != cookieName || c.Value != "" || c.MaxAge >= 0 || c.Path != "/api/v1" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
		t.Errorf("the cookie stays: %+v", c)
	}
}

// TestSignOut_Copy: a cookie that was copied before is worth nothing afterwards.
func TestSignOut_Copy(t *testing.T) {
	f := newFixture(t)
	mine, other, third := f.cookieOf(testNow), f.cookieOf(testNow), f.cookieOf(testNow)
	is := func(want int, header ...string) {
		t.Helper()
		if r := f.do("GET", "/api/v1/me", append([]string{"Authorization", ""}, header...)...); r.StatusCode != want {
			t.Errorf("%v: status %d, want %d", header, r.StatusCode, want)
		}
	}
	signOut := func(want int, header ...string) {
		t.Helper()
		if r := f.do("POST", "/api/v1/sign-out", header...); r.StatusCode != want {
			t.Errorf("sign-out with %v: status %d, want %d", header, r.StatusCode, want)
		}
	}
	signOut(403, "Authorization", "", "Cookie", mine, "Origin", "https://evil.example")
	is(200, "Cookie", mine)
	signOut(204, "Authorization", "", "Cookie", mine)
	is(401, "Cookie", mine)
	is(200, "Cookie", other)
	is(200, "Cookie", mine+"; "+other)
	signOut(401, "Authorization", "", "Cookie", mine)

	// All that the browser has, and with the token too.
	signOut(204, "Cookie", cookieName+"=x; "+other+"; "+third)
	is(401, "Cookie", other)
	is(401, "Cookie", third)
	signOut(204)
	f.now = testNow.Add(cookieLifetime)
	signOut(204, "Cookie", third)
}

// TestSignOut_Many: what cannot be remembered is told.
func TestSignOut_Many(t *testing.T) {
	f := newFixture(t)
	first := f.cookieOf(testNow.Add(-time.Second))
	for i := range maxRevoked + 1 {
		value := first
		if i > 0 {
			value = f.cookieOf(testNow)
		}
		if r := f.do("POST", "/api/v1/sign-out", "Authorization", "", "Cookie", value); r.StatusCode != 204 {
			t.Fatalf("sign-out %d: status %d", i, r.StatusCode)
		}
	}
	if log := f.log.String(); strings.Count(log, "sign-out") != 1 || !strings.Contains(log, "level=WARN") {
		t.Errorf("the log says %q", log)
	}
	if r := f.do("GET", "/api/v1/me", "Authorization", "", "Cookie", first); r.StatusCode != 200 {
		t.Errorf("the oldest sign-out is still remembered: %d", r.StatusCode)
	}
}
