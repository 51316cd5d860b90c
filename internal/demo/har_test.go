package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func writeDays(t testing.TB, seed uint64, days int) ([]byte, HARStats) {
	t.Helper()
	var b bytes.Buffer
	stats, err := WriteHAR(t.Context(), &b, HARConfig{
		Traffic: Traffic{Seed: seed, PerSecond: HistoryPerSecond}, From: testDay.AddDate(0, 0, -days), To: testDay,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), stats
}

func TestWriteHAR(t *testing.T) {
	const days = 2
	text, stats := writeDays(t, 1, days)
	t.Run("is reproducible", func(t *testing.T) {
		if again, _ := writeDays(t, 1, days); !bytes.Equal(text, again) {
			t.Error("the same seed wrote other bytes")
		}
	})
	t.Run("has the promised mix", func(t *testing.T) {
		if perDay := stats.Requests / days; perDay < 3600 || perDay > 5400 {
			t.Errorf("%d requests a day, want about 4500", perDay)
		}
		for kind, least := range map[string]float64{"web": .15, "app": .2, "guest": .1, "staff": .005, "partner": .08, "crawler": .02} {
			if share := float64(stats.ByKind[kind]) / float64(stats.Requests); share < least || share > 0.5 {
				t.Errorf("%s makes %.1f%% of the requests", kind, 100*share)
			}
		}
		for status, most := range map[int]float64{200: .9, 201: .2, 204: .03, 301: .02, 304: .05, 401: .04, 403: .01, 404: .02, 422: .02, 429: .02, 500: .004, 503: .004} {
			if share := float64(stats.ByStatus[status]) / float64(stats.Requests); share > most || share == 0 && status != 429 {
				t.Errorf("%d makes %.2f%% of the answers", status, 100*share)
			}
		}
	})
	t.Run("is HAR 1.2", func(t *testing.T) { checkHAR(t, text, stats.Requests, testDay.AddDate(0, 0, -days), testDay) })
}

// checkHAR reads text with nothing but the members that the format defines, and
// checks what the format demands of each.
func checkHAR(t *testing.T, text []byte, requests int, from, to time.Time) {
	var file struct {
		Log struct {
			Version string `json:"version"`
			Creator struct {
				Name    string `json:"name"`
				Version string `json:"version"`
			} `json:"creator"`
			Entries []harEntry `json:"entries"`
		} `json:"log"`
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		t.Fatal(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		t.Errorf("after the document: %v", err)
	}
	if file.Log.Version != "1.2" || file.Log.Creator.Name == "" || file.Log.Creator.Version == "" {
		t.Errorf("version %q, creator %v", file.Log.Version, file.Log.Creator)
	}
	if len(file.Log.Entries) != requests {
		t.Errorf("%d entries, %d counted", len(file.Log.Entries), requests)
	}
	last, sessions := from, map[string]int{}
	for i, e := range file.Log.Entries {
		started, err := time.Parse(time.RFC3339Nano, e.Started)
		if err != nil || started.Before(last) || !started.Before(to) {
			t.Fatalf("entry %d started %q after %v: %v", i, e.Started, last, err)
		}
		last = started
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Scheme != "http" || u.Host != Host || len(e.Request.QueryString) != len(u.Query()) {
			t.Fatalf("entry %d: URL %q, query %v: %v", i, e.Request.URL, e.Request.QueryString, err)
		}
		if ip, err := netip.ParseAddr(e.Client); err != nil || ip.IsPrivate() {
			t.Fatalf("entry %d: client %q: %v", i, e.Client, err)
		}
		if e.Time < 0 || e.Time != e.Timings.Send+e.Timings.Wait+e.Timings.Receive {
			t.Fatalf("entry %d: %g ms, timings %v", i, e.Time, e.Timings)
		}
		post := e.Request.PostData
		if (post != nil) != (e.Request.BodySize > 0) || post != nil && len(post.Text) != e.Request.BodySize {
			t.Fatalf("entry %d: body of %d, postData %v", i, e.Request.BodySize, post)
		}
		if text := e.Response.Content.Text; text != "" && len(text) != e.Response.Content.Size {
			t.Fatalf("entry %d: content of %d holds %d", i, e.Response.Content.Size, len(text))
		}
		if e.Response.Status < 200 || e.Response.StatusText == "" || e.Request.Cookies == nil || e.Response.Cookies == nil {
			t.Fatalf("entry %d: %+v", i, e.Response)
		}
		for _, c := range e.Request.Cookies {
			sessions[c.Value]++
		}
	}
	if len(sessions) < 50 {
		t.Errorf("%d cookies in the whole file", len(sessions))
	}
}

// The days' files hold what the one file holds, and sessions go on from one to
// the next.
func TestWriteHARDays(t *testing.T) {
	cfg := HARConfig{Traffic: Traffic{Seed: 1, PerSecond: HistoryPerSecond}, From: testDay.AddDate(0, 0, -2), To: testDay.Add(5 * time.Hour)}
	var whole bytes.Buffer
	if _, err := WriteHAR(t.Context(), &whole, cfg); err != nil {
		t.Fatal(err)
	}
	var created []string
	files := map[string]*dayFile{}
	stats, err := WriteHARDays(t.Context(), cfg, func(day time.Time) (io.WriteCloser, error) {
		name := day.Format(time.DateOnly)
		created = append(created, name)
		if name == "2026-11-19" {
			return nil, nil
		}
		files[name] = &dayFile{}
		return files[name], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"2026-11-18", "2026-11-19", "2026-11-20"}, created); diff != "" {
		t.Error(diff)
	}
	want := harLines(whole.String())
	if len(want) != stats.Requests {
		t.Errorf("%d requests counted, %d in the whole file", stats.Requests, len(want))
	}
	for name, file := range files {
		if !file.closed {
			t.Errorf("the file of %s is open", name)
		}
		ofDay := slices.DeleteFunc(slices.Clone(want), func(line string) bool {
			return !strings.Contains(line, `{"startedDateTime":"`+name)
		})
		if diff := cmp.Diff(ofDay, harLines(file.String())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	full := errors.New("disk full")
	if _, err := WriteHARDays(t.Context(), cfg, func(time.Time) (io.WriteCloser, error) { return nil, full }); !errors.Is(err, full) {
		t.Errorf("create fails: %v", err)
	}
}

type dayFile struct {
	bytes.Buffer
	closed bool
}

func (f *dayFile) Close() error { f.closed = true; return nil }

// harLines returns the entries, one a line as they are written.
func harLines(text string) []string {
	_, text, _ = strings.Cut(text, `"entries":[`)
	lines := strings.Split(strings.TrimSuffix(text, "]}}\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], ",")
	}
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}

func TestWriteHARFails(t *testing.T) {
	cfg := HARConfig{Traffic: Traffic{Seed: 1, PerSecond: 1}, From: testDay, To: testDay.Add(time.Hour)}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := WriteHAR(ctx, io.Discard, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	full := errors.New("disk full")
	if _, err := WriteHAR(t.Context(), brokenWriter{full}, cfg); !errors.Is(err, full) {
		t.Errorf("broken writer: %v", err)
	}
	cfg.PerSecond = 0
	if _, err := WriteHAR(t.Context(), io.Discard, cfg); err == nil {
		t.Error("a rate of 0 was accepted")
	}
	cfg.PerSecond, cfg.To = 1, cfg.From
	var b strings.Builder
	if stats, err := WriteHAR(t.Context(), &b, cfg); err != nil || stats.Requests != 0 || !json.Valid([]byte(b.String())) {
		t.Errorf("an empty window: %v %v %q", stats, err, b.String())
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func BenchmarkWriteHAR(b *testing.B) {
	n, size := 0, 0
	for b.Loop() {
		text, stats := writeDays(b, 1, 1)
		n, size = n+stats.Requests, size+len(text)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(float64(size)/float64(n), "bytes/request")
}
