package exchange

import (
	"io"
	"sync"
)

// Reader counts what is read from a body and keeps its start. It may be read on
// another goroutine than the one that owns the exchange, and even outlive it (an
// HTTP transport reads request bodies so): once Stop has returned, reads go on
// but the exchange is no longer touched.
type Reader struct {
	body io.ReadCloser

	mu     sync.Mutex // guards what follows, and *into
	into   *Body      // nil after Stop
	n      int64
	err    error
	closed bool // by its reader
}

// NewReader reads body and keeps its start in into, up to into.Limit.
func NewReader(body io.ReadCloser, into *Body) *Reader {
	return &Reader{body: body, into: into}
}

// Read reads from the body.
func (r *Reader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.into == nil {
		return n, err
	}
	r.n += int64(n)
	if r.into.Limit > 0 && n > 0 {
		r.into.Write(p[:n])
	}
	if r.err == nil && !r.closed {
		r.err = err
	}
	return n, err
}

// Close closes the body. Errors of later reads are the reader's own fault and
// do not count.
func (r *Reader) Close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	return r.body.Close()
}

// Progress returns the bytes read so far and what ended them: io.EOF when the
// body was read to its end, nil when it was not.
func (r *Reader) Progress() (n int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n, r.err
}

// Stop ends the counting and the keeping, and returns the same as Progress.
func (r *Reader) Stop() (n int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.into = nil
	return r.n, r.err
}
