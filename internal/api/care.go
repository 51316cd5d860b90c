package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// CareConfig is what the API does to the store beyond asking it.
type CareConfig struct {
	// Erase removes requests and tells what it removed, also when it fails, and
	// what it could not reach; see store.Store.
	Erase func(ctx context.Context, f store.Filter) (days []record.PartRef, notes []string, err error)
	// Backup copies days; nil where they are not in files of ours.
	Backup Backuper
	// Install names the data folder that is backed up; "" while it has no key.
	Install string
}

// Backuper copies days; see the store of one machine.
type Backuper interface {
	Saved(ctx context.Context) ([]record.SavedDay, error)
	// Snapshot returns a file that is the caller's to remove.
	Snapshot(ctx context.Context, day record.Day) (path string, err error)
}

// eraseTimeout is how long one erasure may take: days that lose requests are
// rewritten, one after the other.
const eraseTimeout = time.Hour

var (
	errNoBackup = errors.New("the requests of this server are on a ClickHouse server: back them up with its own tools")
	errCopying  = errors.New("a day is being copied for another backup; try again when that is done")
)

// routeCare lists the routes that take care of the store.
func (a *API) routeCare(h huma.API) {
	get(a, h, "/backup", "getBackup", "List the days that can be copied", nil, inTurn(a, a.saved))
	copied := operation(http.MethodGet, "/backup/days/{day}", "getBackupDay", "Copy the file of a day, as it is at one moment", nil)
	copied.Parameters = append(copied.Parameters, &huma.Param{Name: "day", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
	streaming(a, h, copied, map[string]*huma.MediaType{dayType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}, a.copyDay)

	erase := operation(http.MethodPost, "/erase", "erase", "Remove the requests of a user or a session from all days", nil)
	erase.MaxBodyBytes = maxBodyBytes
	erase.Errors = append(erase.Errors, http.StatusUnsupportedMediaType, http.StatusRequestEntityTooLarge)
	erase.Middlewares = huma.Middlewares{patiently}
	huma.Register(h, erase, a.erase)
}

// patiently gives a route the time that an erasure may take.
func patiently(ctx huma.Context, next func(huma.Context)) {
	_, w := humago.Unwrap(ctx)
	control := http.NewResponseController(w) // one in this process has no deadlines, and needs none
	_ = control.SetWriteDeadline(time.Now().Add(eraseTimeout + bodyTimeout))
	_ = control.SetReadDeadline(time.Now().Add(eraseTimeout + bodyTimeout))
	next(ctx)
}

const dayType = "application/octet-stream"

// saved lists what there is to copy.
func (a *API) saved(ctx context.Context, in *queryInput) (record.Saved, error) {
	if _, err := ask(in.raw, nil, a.now()); err != nil {
		return record.Saved{}, err
	}
	if a.care.Backup == nil {
		return record.Saved{}, huma.Error422UnprocessableEntity(errNoBackup.Error())
	}
	days, err := a.care.Backup.Saved(ctx)
	if err != nil {
		return record.Saved{}, err
	}
	system, err := a.hub.System(ctx) // later: a day that is set aside in between is in both
	return record.Saved{Version: system.Version, Retention: system.Retention, Install: a.care.Install, Days: days, SetAside: system.SetAside}, err
}

// copyDay sends a copy of a day. It is made first, so that a slow receiver holds
// nothing up; one at a time, which bounds the disk that copies take.
func (a *API) copyDay(w http.ResponseWriter, r *http.Request) error {
	if _, err := ask(r.URL.RawQuery, nil, a.now()); err != nil {
		return err
	}
	if a.care.Backup == nil {
		return huma.Error422UnprocessableEntity(errNoBackup.Error())
	}
	day, err := record.ParseDay(r.PathValue("day"))
	if err != nil {
		return unprocessable("day", r.PathValue("day"), clip(err.Error()))
	}
	select {
	case a.copying <- struct{}{}:
		defer func() { <-a.copying }()
	default:
		return errCopying
	}
	path, err := a.care.Backup.Snapshot(r.Context(), day)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	w.Header().Set("Content-Type", dayType)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.duckdb"`, day))
	if r.Method == http.MethodHead {
		return nil
	}
	to := newPatient(w)
	if _, err = io.Copy(to.Writer, file); err == nil {
		err = to.Flush()
	}
	if err != nil {
		if r.Context().Err() == nil {
			a.log.Warn("a copy of a day broke off", "day", day.String(), "error", err)
		}
		panic(http.ErrAbortHandler)
	}
	return nil
}

type eraseInput struct {
	query
	Body record.Erasure
}

// erase removes requests. What it did is logged, without the name of the person.
func (a *API) erase(ctx context.Context, in *eraseInput) (*answer[record.Erased], error) {
	out, err := a.eraseFor(ctx, in)
	if err != nil {
		return nil, problemOf(err, a.log)
	}
	return &answer[record.Erased]{out}, nil
}

func (a *API) eraseFor(ctx context.Context, in *eraseInput) (record.Erased, error) {
	out := record.Erased{Days: []record.PartRef{}, Notes: []string{}}
	if _, err := ask(in.raw, nil, a.now()); err != nil {
		return out, err
	}
	f, err := erasureOf(&in.Body, a.now())
	if err != nil {
		return out, err
	}
	if in.Body.DryRun {
		err = a.countDays(ctx, f, &out)
		return out, err
	}
	ctx, cancel := context.WithTimeout(ctx, eraseTimeout)
	defer cancel()
	days, notes, err := a.care.Erase(ctx, f)
	out.Days, out.Notes = append(out.Days, days...), append(out.Notes, notes...)
	for _, d := range out.Days {
		out.Requests += d.Requests
	}
	a.log.Warn("requests were erased", "of", digestOf(&in.Body), "requests", out.Requests, "days", len(out.Days),
		"complete", err == nil && len(notes) == 0, "from", in.Body.From, "to", in.Body.To)
	if err != nil && out.Requests > 0 {
		a.log.Error("erasing failed for some days", "error", err)
		var full *store.NoRoomError
		if errors.As(err, &full) {
			return out, huma.NewError(http.StatusInsufficientStorage, fmt.Sprintf("%d requests of %d days were removed, those of others not: %s", out.Requests, len(out.Days), full))
		}
		return out, huma.Error500InternalServerError(fmt.Sprintf("%d requests of %d days were removed, then it failed: do it again; the hub's log says more", out.Requests, len(out.Days)))
	}
	return out, err
}

// digestOf names whom an erasure was about without telling the name: who knows it
// can find the line again.
func digestOf(e *record.Erasure) string {
	if e.User == "" {
		return "session " + e.Session.String()
	}
	sum := sha256.Sum256([]byte(e.User))
	return "user sha256:" + hex.EncodeToString(sum[:8])
}

// erasureOf returns the filter of an erasure, which always names somebody.
func erasureOf(in *record.Erasure, now time.Time) (f store.Filter, err error) {
	fail := func(member string, err error) (store.Filter, error) {
		return f, huma.Error422UnprocessableEntity(clip(member+": "+err.Error()), &huma.ErrorDetail{Message: clip(err.Error()), Location: "body." + member})
	}
	if in.User == "" && in.Session == (record.SessionID{}) {
		return fail("user", errors.New("name a user or a session: nothing else is erased"))
	}
	if in.User != "" {
		is, err := store.NewCondition("user", false, in.User)
		if err != nil {
			return fail("user", err)
		}
		f.Where = append(f.Where, is)
	}
	if in.Session != (record.SessionID{}) {
		f.Session = &in.Session
	}
	for _, end := range []struct {
		member, text string
		to           *record.Time
	}{{"from", in.From, &f.From}, {"to", in.To, &f.To}} {
		if end.text == "" {
			continue
		}
		if *end.to, err = parseTime(end.text, now); err != nil {
			return fail(end.member, err)
		}
	}
	if f.To != 0 && f.From >= f.To {
		return fail("from", fmt.Errorf("%s is not before to, which is %s", f.From, f.To))
	}
	return f, nil
}

// countDays counts what an erasure would remove.
func (a *API) countDays(ctx context.Context, f store.Filter, out *record.Erased) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	leave, err := a.queries.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	table, err := a.store.Query(ctx, store.Query{Filter: f, By: []string{store.ByTime}, Step: 24 * time.Hour, Measures: []string{"requests"}, Limit: store.MaxGroups})
	if err != nil {
		return err
	}
	for i := len(table.Rows) - 1; i >= 0; i-- {
		at, err := time.Parse(time.RFC3339, table.Rows[i].By[0])
		if err != nil {
			return err
		}
		n := int64(table.Rows[i].Values[0])
		out.Days = append(out.Days, record.PartRef{Part: record.TimeOf(at).Day(), Requests: n})
		out.Requests += n
	}
	return nil
}
