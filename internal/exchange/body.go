package exchange

import "io"

// Body is the captured start of a body. Its zero value captures nothing.
type Body struct {
	Bytes     []byte
	Truncated bool // more came than Limit
	Limit     int
}

// Write keeps p up to the limit; it never fails, so that it can stand in a tee.
func (b *Body) Write(p []byte) (int, error) {
	room := b.Limit - len(b.Bytes)
	if len(p) > room {
		b.Truncated = b.Limit > 0
		b.Bytes = append(b.Bytes, p[:max(room, 0)]...)
		return len(p), nil
	}
	b.Bytes = append(b.Bytes, p...)
	return len(p), nil
}

// Reader counts what is read from an underlying body and keeps its start.
type Reader struct {
	Body io.ReadCloser
	Into *Body
	N    int64 // bytes read
	Err  error // the first error other than io.EOF
}

func (r *Reader) Read(p []byte) (int, error) {
	n, err := r.Body.Read(p)
	r.N += int64(n)
	if r.Into.Limit > 0 && n > 0 {
		r.Into.Write(p[:n])
	}
	if err != nil && err != io.EOF && r.Err == nil {
		r.Err = err
	}
	return n, err
}

// Close closes the underlying body.
func (r *Reader) Close() error { return r.Body.Close() }
