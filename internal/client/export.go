package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// stall is how long nothing of an export may come; it lies above the server's own
// bound for a page of rows.
const stall = 6 * time.Minute

var errStalled = fmt.Errorf("the server sent nothing for %s", stall)

// Export writes an export to w as it comes: path is one of export,
// sessions/export and sessions/ID/export. When it fails, what was written is not
// the whole.
func (c *Client) Export(ctx context.Context, path string, filters url.Values, w io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(stall, func() { cancel(errStalled) })
	defer watch.Stop()
	err := c.export(ctx, path, filters, w, func() { watch.Reset(stall) })
	if err != nil && errors.Is(context.Cause(ctx), errStalled) {
		return errStalled
	}
	return err
}

func (c *Client) export(ctx context.Context, path string, filters url.Values, to io.Writer, alive func()) error {
	r, err := c.request(ctx, http.MethodGet, path, filters, nil)
	if err != nil {
		return err
	}
	w, err := c.streams.Do(r)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer w.Body.Close()
	if w.StatusCode != http.StatusOK {
		text, err := io.ReadAll(io.LimitReader(w.Body, maxAnswer))
		if err != nil {
			return fmt.Errorf("the answer of %s broke off: %w", c.base, err)
		}
		return problemOf(w, text)
	}
	from := &aliveReader{Reader: w.Body, alive: alive}
	n, err := io.Copy(to, from)
	switch {
	case from.failed != nil:
		return fmt.Errorf("the export broke off after %d bytes: %w", n, from.failed)
	case err != nil:
		return err
	case w.ContentLength < 0 && w.ProtoMajor == 1 && !slices.Contains(w.TransferEncoding, "chunked"):
		return fmt.Errorf("something between here and %s speaks a protocol that does not tell whether the export is whole", c.base)
	}
	return nil
}

// aliveReader tells that something came, and keeps what reading failed with.
type aliveReader struct {
	io.Reader
	alive  func()
	failed error
}

// Read implements io.Reader.
func (r *aliveReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if n > 0 {
		r.alive()
	}
	if err != nil && err != io.EOF {
		r.failed = err
	}
	return n, err
}
