package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/export"
	"sojourn/internal/record"
	"sojourn/internal/store"
)

func TestExport(t *testing.T) {
	f := newFixture(t)
	ids := func(requests ...record.Request) (out []string) {
		for _, r := range requests {
			out = append(out, r.ID.String())
		}
		return out
	}
	for target, want := range map[string][]string{
		"/api/v1/export?format=jsonl":                                                        ids(f.requests...),
		"/api/v1/export?format=jsonl&not.status=2xx&from=-24h":                               ids(f.requests[2:]...),
		"/api/v1/export?format=jsonl&has.attack=xss":                                         ids(f.requests[3:]...),
		"/api/v1/export?format=jsonl&status=418":                                             nil,
		"/api/v1/sessions/" + aliceID.String() + "/export?format=jsonl":                      ids(f.requests[:3]...),
		"/api/v1/sessions/" + aliceID.String() + "/export?format=jsonl&part=2026-11-20":      ids(f.requests[:1]...),
		"/api/v1/sessions/" + aliceID.String() + "/export?format=jsonl&method=POST&from=-7d": ids(f.requests[2]),
	} {
		r := f.do("GET", target)
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != export.JSONL.MediaType() || !strings.HasPrefix(r.Header.Get("Content-Disposition"), `attachment; filename="sojourn-`) {
			t.Errorf("%s: %d %v", target, r.StatusCode, r.Header)
		}
		var got []string
		for dec := json.NewDecoder(r.Body); ; {
			var row record.Request
			if err := dec.Decode(&row); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", target, err)
			}
			got = append(got, row.ID.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", target, diff)
		}
	}
	for _, format := range export.RequestFormats {
		if text := text200(t, f.do("GET", "/api/v1/export?format="+string(format))); text == "" {
			t.Errorf("%s is empty", format)
		}
	}
	sessions := strings.Split(strings.TrimSpace(text200(t, f.do("GET", "/api/v1/sessions/export?format=csv&sort=started&order=asc"))), "\r\n")
	if len(sessions) != 4 || !strings.HasPrefix(sessions[1], aliceID.String()+",2026-11-20,") || !strings.HasPrefix(sessions[3], bobID.String()) {
		t.Errorf("sessions: %q", sessions)
	}
	if r := f.do("HEAD", "/api/v1/export?format=csv"); r.StatusCode != 200 {
		t.Errorf("HEAD: %d", r.StatusCode)
	} else if b, _ := io.ReadAll(r.Body); len(b) > 0 {
		t.Errorf("HEAD answers %q", b)
	}
}

func TestExport_Refused(t *testing.T) {
	f := newFixture(t)
	for target, status := range map[string]int{
		"/api/v1/export":                                               422,
		"/api/v1/export?format=xml":                                    422,
		"/api/v1/export?format=csv&limit=5":                            422,
		"/api/v1/export?format=csv&status=nine":                        422,
		"/api/v1/sessions/export?format=har":                           422,
		"/api/v1/sessions/x/export?format=csv":                         422,
		"/api/v1/sessions/" + nobodyID.String() + "/export?format=csv": 404,
	} {
		if p := problemIn(t, f.do("GET", target)); p.Status != status {
			t.Errorf("%s: %+v, want %d", target, p, status)
		}
	}
	if r := f.do("GET", "/api/v1/export?format=csv", "Authorization", ""); r.StatusCode != 401 {
		t.Errorf("without a token: %d", r.StatusCode)
	}
}

// manyReader has as many requests as it is told, and fails after some of them.
type manyReader struct {
	Reader
	pages   int
	failure error
	holds   bool // the second page never comes
}

func (m *manyReader) Requests(ctx context.Context, q store.RequestQuery) (store.RequestPage, error) {
	if m.holds && q.Cursor != "" {
		<-ctx.Done()
		return store.RequestPage{}, ctx.Err()
	}
	n := q.Limit
	page := store.RequestPage{Requests: make([]record.Request, n)}
	for i := range page.Requests {
		page.Requests[i] = record.Request{Started: 1, Path: "/" + strings.Repeat("x", 100)}
	}
	if q.Down {
		return page, nil
	}
	if m.pages--; m.pages == 0 {
		return page, m.failure
	}
	page.Next = "more"
	return page, nil
}

// TestExport_BreaksOff: over a real connection, what is not whole does not look so.
func TestExport_BreaksOff(t *testing.T) {
	for name, failure := range map[string]error{"Whole": nil, "Fails": errors.New("disk on fire")} {
		for _, format := range export.RequestFormats {
			t.Run(name+"/"+string(format), func(t *testing.T) {
				f := newFixture(t, func(c *Config) { c.Store = &manyReader{Reader: c.Store, pages: 5, failure: failure} })
				server := httptest.NewUnstartedServer(nil)
				server.Config = f.Server()
				server.Start()
				defer server.Close()
				r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/api/v1/export?format="+string(format), nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Authorization", "Bearer "+testToken)
				w, err := server.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer w.Body.Close()
				_, err = io.Copy(io.Discard, w.Body)
				if (err != nil) != (failure != nil) {
					t.Errorf("reading it all: %v", err)
				}
				server.Close() // waits for the handler, which writes the log
				if failure != nil && !strings.Contains(f.log.String(), "disk on fire") {
					t.Error("the reason is not in the log")
				}
			})
		}
	}
}

// TestExport_Bounded: one more than the most is refused, and a receiver that leaves
// gives its place back.
func TestExport_Bounded(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Store = &manyReader{Reader: c.Store, pages: -1, holds: true} })
	server := httptest.NewServer(f)
	defer server.Close()
	get := func(ctx context.Context) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/api/v1/export?format=csv", nil)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+testToken)
		return server.Client().Do(r)
	}
	ctx, leave := context.WithCancel(t.Context())
	for range maxExports {
		answered := make(chan error)
		go func() {
			r, err := get(ctx)
			if err == nil {
				defer r.Body.Close()
				_, err = io.CopyN(io.Discard, r.Body, 1)
			}
			answered <- err
			<-ctx.Done()
		}()
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
	}
	r, err := get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p := problemIn(t, r); p.Status != 503 || !strings.Contains(p.Detail, "exports are running") {
		t.Errorf("one too many: %+v", p)
	}
	r.Body.Close()
	leave()
	deadline := time.After(30 * time.Second)
	for range maxExports { // each gives its place back
		select {
		case f.exports <- struct{}{}:
		case <-deadline:
			t.Fatal("an export goes on without its receiver")
		}
	}
}

// BenchmarkExport measures what writing rows costs; memory must not grow with them.
func BenchmarkExport(b *testing.B) {
	for _, format := range export.RequestFormats {
		b.Run(string(format), func(b *testing.B) {
			rows := make([]record.Request, 1000)
			for i := range rows {
				rows[i] = record.Request{Started: 1, Host: "shop.example.com", Path: "/orders/17", UserAgent: "curl/8.5.0", Method: "GET"}
			}
			var size bytes.Buffer
			w, err := export.Requests(format, &size)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Write(rows); err != nil {
					b.Fatal(err)
				}
				size.Reset()
			}
		})
	}
}
