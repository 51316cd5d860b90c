package client

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// handlerTransport answers requests by a handler in this process.
type handlerTransport struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper. The answer is read while the handler
// writes it, and breaks off where the handler breaks it off.
func (t handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody // a handler always finds one
	}
	body, to := io.Pipe()
	w := &answerWriter{header: http.Header{}, to: to, begun: make(chan struct{})}
	go w.serve(t.handler, r)
	// Whoever gives up reads no more, and the handler's next write fails.
	context.AfterFunc(r.Context(), func() { to.CloseWithError(context.Cause(r.Context())) })
	select {
	case <-w.begun:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if w.status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Header: w.told,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: body, ContentLength: -1, TransferEncoding: []string{"chunked"}, Request: r,
	}, nil
}

// answerWriter hands a handler's answer to whoever reads it.
type answerWriter struct {
	header http.Header
	to     *io.PipeWriter
	once   sync.Once
	begun  chan struct{} // closed when status and told are set, or will never be
	status int           // 0: the handler broke off before it answered
	told   http.Header
}

// serve runs a handler, which ends an answer early by panicking with
// http.ErrAbortHandler.
func (w *answerWriter) serve(h http.Handler, r *http.Request) {
	defer func() {
		p := recover()
		if p == nil {
			w.WriteHeader(http.StatusOK)
			w.to.Close()
			return
		}
		if p != http.ErrAbortHandler {
			panic(p)
		}
		w.once.Do(func() { close(w.begun) })
		w.to.CloseWithError(io.ErrUnexpectedEOF)
	}()
	h.ServeHTTP(w, r)
}

func (w *answerWriter) Header() http.Header { return w.header }

func (w *answerWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.told = status, w.header.Clone()
		close(w.begun)
	})
}

func (w *answerWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.to.Write(b)
}
