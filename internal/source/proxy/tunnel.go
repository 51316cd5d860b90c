package proxy

import (
	"io"
	"net/http"
	"sync/atomic"
)

// tunnel is the upstream's side of an upgraded exchange; it counts what passes.
// Its two directions run on goroutines of their own.
type tunnel struct {
	io.ReadWriteCloser
	received, sent atomic.Int64 // bytes, seen from here
}

func (t *tunnel) Read(p []byte) (int, error) {
	n, err := t.ReadWriteCloser.Read(p)
	t.received.Add(int64(n))
	return n, err
}

func (t *tunnel) Write(p []byte) (int, error) {
	n, err := t.ReadWriteCloser.Write(p)
	t.sent.Add(int64(n))
	return n, err
}

// CloseWrite passes on that the client will send nothing more.
func (t *tunnel) CloseWrite() error {
	if half, ok := t.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return http.ErrNotSupported
}
