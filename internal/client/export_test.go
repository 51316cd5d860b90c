package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestExport(t *testing.T) {
	for name, tt := range map[string]struct {
		handle http.HandlerFunc
		want   string // what is written
		err    string // "" for none
	}{
		"Whole": {func(w http.ResponseWriter, r *http.Request) {
			for range 3 {
				io.WriteString(w, r.URL.RawQuery+"\n")
			}
		}, "format=csv\nformat=csv\nformat=csv\n", ""},
		"Empty": {func(http.ResponseWriter, *http.Request) {}, "", ""},
		"Refused": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(422)
			io.WriteString(w, `{"detail":"format: missing"}`)
		}, "", "format: missing"},
		"BreaksOff": {func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "half")
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
			panic(http.ErrAbortHandler)
		}, "half", "broke off after 4 bytes"},
		"NeverBegins": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "", "does not answer"},
	} {
		for way, c := range answering(t, tt.handle) {
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Cleanup(c.streams.CloseIdleConnections)
				var got bytes.Buffer
				err := c.Export(t.Context(), "export", url.Values{"format": {"csv"}}, &got)
				if got.String() != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%q, %v; want %q, %q", got.String(), err, tt.want, tt.err)
				}
			})
		}
	}
}

// failingWriter is a full disk.
type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// TestExport_Ends: when the receiver fails or gives up, so does the handler.
func TestExport_Ends(t *testing.T) {
	ended := make(chan struct{})
	endless := func(w http.ResponseWriter, r *http.Request) {
		defer func() { ended <- struct{}{} }()
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	}
	full := errors.New("disk full")
	for way, c := range answering(t, endless) {
		t.Run(way, func(t *testing.T) {
			t.Cleanup(c.streams.CloseIdleConnections)
			if err := c.Export(t.Context(), "export", nil, failingWriter{full}); !errors.Is(err, full) {
				t.Errorf("a full disk: %v", err)
			}
			<-ended
			ctx, cancel := context.WithCancel(t.Context())
			stop := writerFunc(func(b []byte) (int, error) { cancel(); return len(b), nil })
			if err := c.Export(ctx, "export", nil, stop); !errors.Is(err, context.Canceled) {
				t.Errorf("a receiver that gives up: %v", err)
			}
			<-ended
		})
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
