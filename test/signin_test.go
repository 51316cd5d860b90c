package test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSignIn is the way into the console, and what keeps others out of it.
func TestSignIn(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	s := serve(t, folder(t), "--upstream", up.URL)
	console, err := s.console()
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the hub is ready", func() error {
		if resp, body := send(t, http.MethodGet, console+"/readyz", nil); resp.StatusCode != http.StatusOK {
			return errors.New(body)
		}
		return nil
	})
	token, err := s.token()
	if err != nil {
		t.Fatal(err)
	}
	api := console + "/api/v1/sessions"

	for _, c := range []struct {
		name, method, url string
		header            map[string]string
		status            int
	}{
		{"page", http.MethodGet, console + "/", nil, http.StatusOK},
		{"page, head only", http.MethodHead, console + "/", nil, http.StatusOK},
		{"page under a foreign name", http.MethodGet, console + "/", map[string]string{"Host": "evil.test"}, http.StatusMisdirectedRequest},
		{"healthz", http.MethodGet, console + "/healthz", nil, http.StatusOK},
		{"metrics", http.MethodGet, console + "/metrics", nil, http.StatusOK},
		{"nothing", http.MethodGet, api, nil, http.StatusUnauthorized},
		{"wrong token", http.MethodGet, api, map[string]string{"Authorization": "Bearer " + strings.Repeat("0", len(token))}, http.StatusUnauthorized},
		{"half a token", http.MethodGet, api, map[string]string{"Authorization": "Bearer " + token[:len(token)/2]}, http.StatusUnauthorized},
		{"token in the query", http.MethodGet, api + "?token=" + token, nil, http.StatusUnauthorized},
		{"made-up cookie", http.MethodGet, api, map[string]string{"Cookie": "sojourn_session=" + token}, http.StatusUnauthorized},
		{"token", http.MethodGet, api, map[string]string{"Authorization": "Bearer " + token}, http.StatusOK},
		{"token under a foreign name", http.MethodGet, api, map[string]string{"Authorization": "Bearer " + token, "Host": "evil.test"}, http.StatusMisdirectedRequest},
		{"unknown route", http.MethodGet, console + "/api/v1/nothing", map[string]string{"Authorization": "Bearer " + token}, http.StatusNotFound},
	} {
		resp, body := send(t, c.method, c.url, c.header)
		if resp.StatusCode != c.status {
			t.Errorf("%s: %s %s", c.name, resp.Status, body)
		}
		if strings.HasPrefix(c.url, console+"/api/") && c.status != http.StatusOK && resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: the error is %s", c.name, resp.Header.Get("Content-Type"))
		}
		if c.method == http.MethodHead && body != "" {
			t.Errorf("%s has a body", c.name)
		}
	}
	if resp, _ := send(t, http.MethodGet, console+"/", nil); !strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src") {
		t.Errorf("the page has the policy %q", resp.Header.Get("Content-Security-Policy"))
	}
	t.Run("link", func(t *testing.T) { checkLink(t, s.signIn, console) })
	t.Run("printed link", func(t *testing.T) { checkLink(t, strings.TrimSpace(must(t, "sign-in", "--data", s.data)), console) })
}

// checkLink signs in with a link, uses the cookie, and tries the link again.
func checkLink(t *testing.T, link, console string) {
	if resp, _ := send(t, http.MethodHead, link, nil); resp.StatusCode != http.StatusOK || len(resp.Cookies()) != 0 {
		t.Errorf("looking at the link's head: %s, cookies %v", resp.Status, resp.Cookies())
	}
	resp, _ := send(t, http.MethodGet, link, nil)
	if resp.StatusCode != http.StatusSeeOther || len(resp.Cookies()) != 1 {
		t.Fatalf("the link: %s, cookies %v", resp.Status, resp.Cookies())
	}
	c := resp.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Path != "/api/v1" {
		t.Errorf("the cookie is %v", c)
	}
	if resp, _ := send(t, http.MethodGet, link, nil); resp.StatusCode != http.StatusForbidden || len(resp.Cookies()) != 0 {
		t.Errorf("the link worked twice: %s", resp.Status)
	}
	signedIn := map[string]string{"Cookie": c.Name + "=" + c.Value}
	if resp, body := send(t, http.MethodGet, console+"/api/v1/sessions", signedIn); resp.StatusCode != http.StatusOK {
		t.Errorf("with the cookie: %s %s", resp.Status, body)
	}

	// Another site may make the browser send the cookie; nothing comes of it.
	foreign := map[string]string{"Cookie": signedIn["Cookie"], "Origin": "http://evil.test", "Sec-Fetch-Site": "cross-site"}
	if resp, body := send(t, http.MethodPost, console+"/api/v1/sign-out", foreign); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a foreign sign-out: %s %s", resp.Status, body)
	}
	own := map[string]string{"Cookie": signedIn["Cookie"], "Origin": console, "Sec-Fetch-Site": "same-origin"}
	if resp, body := send(t, http.MethodPost, console+"/api/v1/sign-in-codes", own); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a cookie made a sign-in link: %s %s", resp.Status, body)
	}
	if resp, body := send(t, http.MethodPost, console+"/api/v1/sign-out", own); resp.StatusCode/100 != 2 || len(resp.Cookies()) != 1 || resp.Cookies()[0].MaxAge >= 0 {
		t.Errorf("signing out: %s %s %v", resp.Status, body, resp.Cookies())
	}
	if resp, _ := send(t, http.MethodGet, console+"/api/v1/sessions", signedIn); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a copy of the cookie after signing out: %s", resp.Status)
	}
}

// TestModes: nobody else on the machine can read the folder or a secret in it.
func TestModes(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	data := filepath.Join(folder(t), "data")
	s := serve(t, data, "--upstream", up.URL)
	if err := get(asking, "http://"+s.proxy+"/x", "PHPSESSID=modesxxxxxxxxx", "/x"); err != nil {
		t.Fatal(err)
	}
	s.settled(t)
	for _, name := range []string{".", "key", "admin-token", "bus.json"} {
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			t.Errorf("%s has mode %v", name, mode)
		}
	}
}

// send sends a request without following where the answer points, and returns
// the answer and its body. A header Host names the server.
func send(t testing.TB, method, target string, header map[string]string) (*http.Response, string) {
	t.Helper()
	if _, err := url.Parse(target); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	r.Host = r.Header.Get("Host")
	r.Header.Del("Host")
	client := &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}
