package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"sojourn/internal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const requestJSON = `{"id":"0000000000000G000001","session":"a1000000000000000000000000000000","client":"01000000000000000000000000000000",
"started":"2026-11-21T10:00:00.000000Z","duration_us":1500,"request_bytes":0,"application":"shop","host":"h","method":"GET","path":"/","endpoint":"/",
"status":200,"ip":"","user_agent":"","key":"k","point":"p","rung":"network","strength":"network","accepted":true,"tried":0,"revision":0`

// answering returns clients of one handler, over the network and in process.
func answering(t *testing.T, handle http.HandlerFunc) map[string]*Client {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	remote, err := New(server.URL+"/", "secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(remote.http.CloseIdleConnections)
	return map[string]*Client{"Network": remote, "InProcess": InProcess(handle, "secret")}
}

func TestClient(t *testing.T) {
	var asked string
	answers := map[string]string{
		"GET /api/v1/sessions":             `{"sessions":[],"next":"c"}`,
		"GET /api/v1/sessions/a%2Fb":       `{"requests":7}`,
		"GET /api/v1/sessions/a1/requests": `{"requests":[` + requestJSON + `}],"next":"n"}`,
		"GET /api/v1/requests/0G":          requestJSON + `,"findings":[{"id":"f1"}]}`,
		"GET /api/v1/system":               `{"version":"1.2.3"}`,
		"POST /api/v1/sign-in-codes":       `{"link":"l","code":"c"}`,
	}
	clients := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
		asked = r.Method + " " + r.URL.EscapedPath() + "?" + r.URL.RawQuery + " " + r.Header.Get("Authorization")
		io.WriteString(w, answers[r.Method+" "+r.URL.EscapedPath()])
	})
	filters := url.Values{"host": {"a&b", "c"}, "from": {"-24h"}}
	for name, c := range clients {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			check := func(wantAsked string, got, want any, err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
				if asked != wantAsked+" Bearer secret" {
					t.Errorf("asked %q, want %q", asked, wantAsked)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			}
			sessions, err := c.Sessions(ctx, filters)
			check("GET /api/v1/sessions?from=-24h&host=a%26b&host=c", sessions, record.SessionPage{Sessions: []record.Part{}, Next: "c"}, err)
			session, err := c.Session(ctx, "a/b", nil)
			check("GET /api/v1/sessions/a%2Fb?", session.Requests, int64(7), err)
			requests, err := c.Requests(ctx, "a1", nil)
			if err != nil {
				t.Fatal(err)
			}
			check("GET /api/v1/sessions/a1/requests?", measures(requests.Requests[0]), []record.Measure{1500, record.Unknown, 0, record.Unknown}, err)
			detail, err := c.Request(ctx, "0G")
			check("GET /api/v1/requests/0G?", measures(detail.Request), []record.Measure{1500, record.Unknown, 0, record.Unknown}, err)
			check("GET /api/v1/requests/0G?", len(detail.Findings), 1, nil)
			system, err := c.System(ctx)
			check("GET /api/v1/system?", system.Version, "1.2.3", err)
			code, err := c.SignInCode(ctx)
			check("POST /api/v1/sign-in-codes?", code.Link, "l", err)
			raw, err := c.Get(ctx, "system", nil)
			check("GET /api/v1/system?", string(raw), `{"version":"1.2.3"}`, err)
		})
	}
}

func measures(r record.Request) []record.Measure {
	return []record.Measure{r.Duration, r.FirstByte, r.RequestBytes, r.ResponseBytes}
}

func TestClient_Errors(t *testing.T) {
	problem := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	for name, tt := range map[string]struct {
		handle http.HandlerFunc
		want   string
		status int
	}{
		"Problem":    {problem(422, "application/problem+json", `{"status":422,"title":"Unprocessable Entity","detail":"status: no"}`), "status: no", 422},
		"LyingBody":  {problem(404, "application/problem+json", `{"status":200,"detail":"gone"}`), "gone", 404},
		"NotProblem": {problem(502, "text/html", `<h1>secret</h1>`), "the server answers 502 Bad Gateway", 502},
		"BrokenJSON": {problem(500, "application/problem+json", `{"detail":`), "the server answers 500 Internal Server Error", 500},
		"Redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://evil.example/", http.StatusTemporaryRedirect)
		}, "the server answers 307 Temporary Redirect", 307},
		"NotJSON": {problem(200, "text/html", `<h1>hello</h1>`), "not what this version expects", 0},
	} {
		for kind, c := range answering(t, tt.handle) {
			t.Run(name+"/"+kind, func(t *testing.T) {
				_, err := c.System(t.Context())
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("error %v, want %q", err, tt.want)
				}
				var p *Problem
				if errors.As(err, &p) != (tt.status != 0) || p != nil && p.Status != tt.status {
					t.Errorf("problem %+v, want status %d", p, tt.status)
				}
			})
		}
	}
}

func TestClient_Gone(t *testing.T) {
	for name, c := range answering(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }) {
		if name == "InProcess" {
			continue // answers whenever its handler does
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.System(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the context's", err)
		}
	}
}

func TestNew(t *testing.T) {
	for _, base := range []string{"", "127.0.0.1:8070", "ftp://x", "http://", "://", "unix:/x"} {
		if _, err := New(base, "t"); err == nil {
			t.Errorf("%q is taken for a server", base)
		}
	}
	if _, err := New("http://127.0.0.1:8070", ""); err == nil {
		t.Error("no token is taken for one")
	}
}
