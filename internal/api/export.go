package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"sojourn/internal/export"
	"sojourn/internal/record"
	"sojourn/internal/store"
)

const (
	// maxExports is how many exports run at a time.
	maxExports = 4
	// exportTurn is how long an export waits for a page of rows, its turn included.
	exportTurn = 5 * time.Minute
	// exportStall is how long the receiver may take nothing of exportBuffer bytes.
	exportStall  = time.Minute
	exportBuffer = 64 << 10
)

var errExports = fmt.Errorf("%d exports are running, which is the most; try again when one is done", maxExports)

// exportRequests writes all requests that pass the filters.
func (a *API) exportRequests(w http.ResponseWriter, r *http.Request) error {
	q, err := ask(r.URL.RawQuery, exportParams, a.now())
	if err != nil {
		return err
	}
	return a.writeRequests(w, r, q, "requests")
}

// exportSession writes all requests of one session.
func (a *API) exportSession(w http.ResponseWriter, r *http.Request) error {
	id, err := sessionID(r.PathValue("id"))
	if err != nil {
		return err
	}
	q, err := ask(r.URL.RawQuery, exportSessionParams, a.now())
	if err != nil {
		return err
	}
	if _, err := a.findSession(r.Context(), id, q.Filter); err != nil {
		return err
	}
	q.Session = &id
	return a.writeRequests(w, r, q, "session-"+id.String())
}

// writeRequests writes what there is now: without an end, an export of a busy
// server with a slow receiver might never come to one.
func (a *API) writeRequests(w http.ResponseWriter, r *http.Request, q question, name string) error {
	ask := store.RequestQuery{Filter: q.Filter, Limit: 1, Down: true}
	next := func(ctx context.Context) (rows []record.Request, more bool, err error) {
		if ask.Down {
			newest, err := a.store.Requests(ctx, ask)
			if err != nil || len(newest.Requests) == 0 {
				return nil, false, err
			}
			ask.Down, ask.Limit, ask.To = false, store.MaxLimit, newest.Requests[0].Started+1
		}
		page, err := a.store.Requests(ctx, ask)
		ask.Cursor = page.Next
		return page.Requests, page.Next != "", err
	}
	return streamRows(a, w, r, q.format, name, export.Requests, next)
}

// exportParts writes all parts of sessions that pass the filters.
func (a *API) exportParts(w http.ResponseWriter, r *http.Request) error {
	q, err := ask(r.URL.RawQuery, exportPartParams, a.now())
	if err != nil {
		return err
	}
	ask := q.sessions()
	ask.Limit = store.MaxLimit
	next := func(ctx context.Context) (rows []record.Part, more bool, err error) {
		page, err := a.store.Sessions(ctx, ask)
		ask.Cursor = page.Next
		return page.Parts, page.Next != "", err
	}
	return streamRows(a, w, r, q.format, "sessions", export.Parts, next)
}

// streamRows writes the pages that next returns. An error before the first byte is
// returned; after it, the connection is broken, so that nobody takes a part for
// the whole.
func streamRows[T any](a *API, w http.ResponseWriter, r *http.Request, format export.Format, name string,
	writer func(export.Format, io.Writer) (export.Writer[T], error), next func(context.Context) ([]T, bool, error)) error {
	if format == "" {
		return unprocessable("format", "", "missing: say what to write, such as format=csv")
	}
	select {
	case a.exports <- struct{}{}:
		defer func() { <-a.exports }()
	default:
		return errExports
	}
	rows, more, err := page(r.Context(), a, next)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", format.MediaType())
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="sojourn-%s.%s"`, name, format))
	if r.Method == http.MethodHead {
		return nil
	}
	to := newPatient(w)
	out, err := writer(format, to)
	if err != nil {
		return err
	}
	for {
		if err = errors.Join(out.Write(rows), to.push()); err != nil || !more {
			break
		}
		if rows, more, err = page(r.Context(), a, next); err != nil {
			break
		}
	}
	if err = errors.Join(err, finish(out, to, err)); err != nil {
		if r.Context().Err() == nil {
			a.log.Warn("an export broke off", "path", r.URL.Path, "error", err)
		}
		panic(http.ErrAbortHandler)
	}
	return nil
}

// finish writes the end of a document, unless something failed before.
func finish[T any](out export.Writer[T], to *patient, failed error) error {
	if failed != nil {
		return nil
	}
	return errors.Join(out.Close(), to.Flush())
}

// page asks the store for rows when it is the export's turn.
func page[T any](ctx context.Context, a *API, next func(context.Context) ([]T, bool, error)) ([]T, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, exportTurn)
	defer cancel()
	leave, err := a.queries.stay(ctx)
	if err != nil {
		return nil, false, err
	}
	defer leave()
	return next(ctx)
}

// patient writes an answer for as long as its receiver takes some of it.
type patient struct {
	*bufio.Writer
	w       http.ResponseWriter
	control *http.ResponseController
}

func newPatient(w http.ResponseWriter) *patient {
	p := &patient{w: w, control: http.NewResponseController(w)}
	p.Writer = bufio.NewWriterSize(writerFunc(p.write), exportBuffer)
	// The server's own bounds are about answers that fit in memory. Not every
	// writer has deadlines: one in this process needs none.
	_ = p.control.SetReadDeadline(time.Time{})
	return p
}

func (p *patient) write(b []byte) (written int, err error) {
	for len(b) > 0 && err == nil {
		n := min(len(b), exportBuffer)
		_ = p.control.SetWriteDeadline(time.Now().Add(exportStall))
		n, err = p.w.Write(b[:n])
		b, written = b[n:], written+n
	}
	return written, err
}

// push sends what there is, so that the receiver sees that it goes on.
func (p *patient) push() error {
	if err := p.Flush(); err != nil {
		return err
	}
	if err := p.control.Flush(); !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

type writerFunc func([]byte) (int, error)

// Write implements io.Writer.
func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
