package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// erase removes from the fixture's store.
func (f *fixture) erase(ctx context.Context, filter store.Filter) ([]record.PartRef, []string, error) {
	days, err := f.store.Erase(ctx, filter)
	return days, []string{"backups"}, err
}

// oneDay is a Backuper of today's file, which holds a JSON text.
type oneDay struct{ dir string }

const dayText = `"what a day holds"`

func (o oneDay) Saved(context.Context) ([]record.SavedDay, error) {
	return []record.SavedDay{{Day: record.TimeOf(testNow).Day(), Requests: 5, Bytes: 18, Version: "1"}}, nil
}

func (o oneDay) Snapshot(_ context.Context, day record.Day) (string, error) {
	if day != record.TimeOf(testNow).Day() {
		return "", store.ErrNotFound
	}
	file, err := os.CreateTemp(o.dir, "")
	if err == nil {
		_, err = file.WriteString(dayText)
		err = errors.Join(err, file.Close())
	}
	return file.Name(), err
}

func TestErase(t *testing.T) {
	f := newFixture(t)
	read := func(body string) (out record.Erased) {
		t.Helper()
		r := f.post("/api/v1/erase", body)
		if r.StatusCode != http.StatusOK {
			t.Fatalf("%s: %+v", body, problemIn(t, r))
		}
		if err := json.NewDecoder(r.Body).Decode(&out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	today := record.TimeOf(testNow).Day()
	session := `"session":"` + aliceID.String() + `"`
	all := []record.PartRef{{Part: today, Requests: 2}, {Part: today - 1, Requests: 1}}
	for _, tt := range []struct {
		body string
		want record.Erased
	}{
		{`{` + session + `,"dry_run":true}`, record.Erased{Days: all, Requests: 3, Notes: []string{}}},
		{`{` + session + `,"user":"nobody"}`, record.Erased{Days: []record.PartRef{}, Notes: []string{"backups"}}},
		{`{` + session + `,"to":"2026-11-21T00:00:00Z"}`, record.Erased{Days: all[1:], Requests: 1, Notes: []string{"backups"}}},
		{`{` + session + `}`, record.Erased{Days: all[:1], Requests: 2, Notes: []string{"backups"}}},
		{`{` + session + `}`, record.Erased{Days: []record.PartRef{}, Notes: []string{"backups"}}},
	} {
		if diff := cmp.Diff(tt.want, read(tt.body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.body, diff)
		}
	}
	if !strings.Contains(f.log.String(), "requests were erased") || strings.Contains(f.log.String(), "nobody") {
		t.Errorf("the log names the person, or nothing:\n%s", f.log.String())
	}
	left, err := f.store.Requests(t.Context(), store.RequestQuery{})
	if err != nil || len(left.Requests) != len(f.requests)-3 {
		t.Errorf("%d requests are left of %d, %v", len(left.Requests), len(f.requests), err)
	}
}

func TestErase_Refused(t *testing.T) {
	f := newFixture(t)
	for _, body := range []string{
		`{}`, `{"user":""}`, `{"from":"-7d"}`, `{"user":"a","from":"yesterday"}`, `{"user":"a","from":"now","to":"-1h"}`,
		`{"session":"x"}`, `{"user":"a","where":[]}`, `[]`, `{"user":"` + strings.Repeat("a", 1025) + `"}`,
	} {
		if r := f.post("/api/v1/erase", body); r.StatusCode != http.StatusUnprocessableEntity && r.StatusCode != http.StatusBadRequest {
			t.Errorf("%.40s: status %d", body, r.StatusCode)
		}
	}
	if left, err := f.store.Requests(t.Context(), store.RequestQuery{}); err != nil || len(left.Requests) != len(f.requests) {
		t.Errorf("%d requests are left of %d, %v", len(left.Requests), len(f.requests), err)
	}
	failing := newFixture(t, func(c *Config) {
		c.Care.Erase = func(context.Context, store.Filter) ([]record.PartRef, []string, error) {
			return []record.PartRef{{Part: 1, Requests: 7}}, nil, errors.New("disk of /secret/place")
		}
	})
	r := failing.post("/api/v1/erase", `{"user":"maria"}`)
	if p := problemIn(t, r); p.Status != 500 || !strings.Contains(p.Detail, "7 requests of 1 days were removed") || strings.Contains(p.Detail, "secret") {
		t.Errorf("%+v", p)
	}
	for _, lost := range [][]record.PartRef{nil, {{Part: 1, Requests: 7}}} {
		full := newFixture(t, func(c *Config) {
			c.Care.Erase = func(context.Context, store.Filter) ([]record.PartRef, []string, error) {
				return lost, nil, errors.Join(errors.New("day of /secret/place"), fmt.Errorf("erasing: %w", &store.NoRoomError{Why: "free some of the disk"}))
			}
		})
		r := full.post("/api/v1/erase", `{"user":"maria"}`)
		if p := problemIn(t, r); p.Status != 507 || !strings.Contains(p.Detail, "free some of the disk") || strings.Contains(p.Detail, "secret") || strings.Contains(p.Detail, "7 requests") != (lost != nil) {
			t.Errorf("%v: %+v", lost, p)
		}
	}
}

func TestBackup(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Care.Install = "0123" })
	saved := fetch[record.Saved](t, f, "/api/v1/backup", 200)
	if saved.Install != "0123" || saved.SetAside == nil || len(saved.Days) != 1 || saved.Days[0].Version != "1" || saved.Version != "test" {
		t.Errorf("%+v", saved)
	}
	r := f.do("GET", "/api/v1/backup/days/"+saved.Days[0].Day.String())
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 || string(body) != dayText {
		t.Errorf("%d %q %v", r.StatusCode, body, err)
	}
	left, err := os.ReadDir(f.care.Backup.(oneDay).dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%d copies were left, %v", len(left), err)
	}
	for target, status := range map[string]int{"2026-11-20": 404, "x": 422, "2026-11-21?x=1": 422} {
		if r := f.do("GET", "/api/v1/backup/days/"+target); r.StatusCode != status {
			t.Errorf("%s: status %d, want %d", target, r.StatusCode, status)
		}
	}
	f.copying <- struct{}{}
	if r := f.do("GET", "/api/v1/backup/days/2026-11-21"); r.StatusCode != 503 {
		t.Errorf("while another is copied: status %d", r.StatusCode)
	}
	elsewhere := newFixture(t, func(c *Config) { c.Care.Backup = nil })
	for _, target := range []string{"/api/v1/backup", "/api/v1/backup/days/2026-11-21"} {
		if r := elsewhere.do("GET", target); r.StatusCode != 422 {
			t.Errorf("%s without files: status %d", target, r.StatusCode)
		}
	}
}
