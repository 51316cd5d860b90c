package exchange

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

func TestReader(t *testing.T) {
	broken := errors.New("broken")
	f := func(body io.Reader, limit int, wantN int64, wantKept string, wantErr error) {
		t.Helper()
		into := Body{Limit: limit}
		r := NewReader(io.NopCloser(body), &into)
		if _, err := r.Progress(); err != nil {
			t.Errorf("ended by %v before it was read", err)
		}
		io.Copy(io.Discard, r)
		n, err := r.Stop()
		if n != wantN || err != wantErr || string(into.Bytes) != wantKept {
			t.Errorf("read %d bytes, kept %q, error %v; want %d, %q, %v", n, into.Bytes, err, wantN, wantKept, wantErr)
		}
	}
	f(strings.NewReader("hello world"), 0, 11, "", io.EOF)
	f(strings.NewReader("hello world"), 5, 11, "hello", io.EOF)
	f(iotest.OneByteReader(strings.NewReader("hello")), 64, 5, "hello", io.EOF)
	f(iotest.DataErrReader(strings.NewReader("hello")), 64, 5, "hello", io.EOF)
	f(io.MultiReader(strings.NewReader("he"), iotest.ErrReader(broken)), 64, 2, "he", broken)
}

func TestReaderForgivesReadsAfterClose(t *testing.T) {
	r := NewReader(io.NopCloser(iotest.ErrReader(errors.New("read on closed body"))), &Body{})
	r.Close()
	r.Read(make([]byte, 1))
	if _, err := r.Progress(); err != nil {
		t.Errorf("error %v, want none", err)
	}
}

// A transport may still read a request body when its exchange has ended.
func TestReaderLeavesTheExchangeAloneAfterStop(t *testing.T) {
	into := Body{Limit: 1 << 20}
	r := NewReader(io.NopCloser(iotest.OneByteReader(strings.NewReader(strings.Repeat("x", 1<<14)))), &into)
	started, read := make(chan struct{}), sync.WaitGroup{}
	read.Go(func() {
		r.Read(make([]byte, 1))
		close(started)
		io.Copy(io.Discard, r)
	})
	<-started
	n, _ := r.Stop()
	kept := len(into.Bytes) // unguarded: the race detector sees a write after Stop
	read.Wait()
	if int64(kept) != n || len(into.Bytes) != kept {
		t.Errorf("stopped at %d bytes with %d kept, and %d kept in the end", n, kept, len(into.Bytes))
	}
	if after, _ := r.Progress(); after != n {
		t.Errorf("the count went on from %d to %d", n, after)
	}
}

func BenchmarkReader(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, 4096)
	r := NewReader(io.NopCloser(endless{}), &Body{})
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		r.Read(buf)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
