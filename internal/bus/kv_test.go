package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var testKV = KVConfig{Name: "test", History: 3, MaxValue: 1 << 10, MaxBytes: 1 << 20, Logger: quiet}

func put(t *testing.T, k *KV, value string, expected uint64) uint64 {
	t.Helper()
	revision, err := k.Put(t.Context(), "key", []byte(value), expected)
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

func TestKV(t *testing.T) {
	_, conn := open(t, t.TempDir(), "127.0.0.1:0", DefaultMaxBytes)
	k := conn.KV(testKV)
	if _, err := k.Get(t.Context(), "key"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("a key that is not there: %v", err)
	}
	if got, err := k.History(t.Context(), "key"); err != nil || len(got) != 0 {
		t.Fatalf("its history: %v, %v", got, err)
	}

	var revision uint64
	for i := range 5 {
		next := put(t, k, fmt.Sprint("value ", i), revision)
		if next <= revision {
			t.Fatalf("revision %d after %d", next, revision)
		}
		revision = next
	}
	for _, expected := range []uint64{0, revision - 1, revision + 1} {
		if _, err := k.Put(t.Context(), "key", nil, expected); !errors.Is(err, ErrConflict) {
			t.Errorf("expected %d: %v", expected, err)
		}
	}
	if _, err := k.Put(t.Context(), "key", make([]byte, testKV.MaxValue+1), revision); err == nil || !strings.Contains(err.Error(), "1025 bytes") {
		t.Errorf("a value that is too large: %v", err)
	}

	if _, err := k.Put(t.Context(), "large", make([]byte, testKV.MaxValue), 0); err != nil {
		t.Errorf("the largest value: %v", err)
	}

	got, err := k.Get(t.Context(), "key")
	if err != nil || got.Revision != revision || string(got.Value) != "value 4" || got.Saved == 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	history, err := k.History(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := k.History(ended, "key"); err == nil {
		t.Errorf("a part of the history passes for the whole: %v", got)
	}
	want := []Entry{
		{Value: []byte("value 4"), Revision: revision}, {Value: []byte("value 3"), Revision: revision - 1}, {Value: []byte("value 2"), Revision: revision - 2},
	}
	if diff := cmp.Diff(want, history, cmpopts.IgnoreFields(Entry{}, "Saved")); diff != "" {
		t.Error(diff)
	}
	if got, err := k.GetRevision(t.Context(), "key", revision-2); err != nil || string(got.Value) != "value 2" {
		t.Errorf("a revision that is kept: %+v, %v", got, err)
	}
	for _, gone := range []uint64{revision - 3, revision + 1} {
		if _, err := k.GetRevision(t.Context(), "key", gone); !errors.Is(err, ErrNotFound) {
			t.Errorf("revision %d: %v", gone, err)
		}
	}
}

// TestKVOneWins: of many that change the same revision, one does.
func TestKVOneWins(t *testing.T) {
	_, conn := open(t, t.TempDir(), "127.0.0.1:0", DefaultMaxBytes)
	results := make(chan error)
	const writers = 10
	for i := range writers {
		go func() {
			_, err := conn.KV(testKV).Put(t.Context(), "key", fmt.Append(nil, i), 0)
			results <- err
		}()
	}
	won := 0
	for range writers {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, ErrConflict):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d won", won, writers)
	}
}

// watching collects what a watch tells.
func watching(t *testing.T, k *KV) <-chan string {
	told := make(chan string)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		k.Watch(ctx, "key", func(e Entry) {
			select {
			case told <- fmt.Sprintf("%d %s", e.Revision, e.Value):
			case <-ctx.Done():
			}
		})
	}()
	return told
}

func wait(t *testing.T, told <-chan string, want string) {
	t.Helper()
	if got := <-told; got != want {
		t.Fatalf("told %q, want %q", got, want)
	}
}

func TestKVWatch(t *testing.T) {
	server, conn := open(t, t.TempDir(), "127.0.0.1:0", DefaultMaxBytes)
	k := conn.KV(testKV)
	other, err := Connect(func() (Address, error) { return Address{"nats://" + server.Addr(), token}, nil })
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	told := watching(t, other.KV(testKV))
	wait(t, told, "0 ")
	put(t, k, "a", 0)
	wait(t, told, "1 a")
	put(t, k, "b", 1)
	wait(t, told, "2 b")
	late := watching(t, k)
	wait(t, late, "2 b")
	put(t, k, "c", 2)
	wait(t, told, "3 c")
	wait(t, late, "3 c")
}

// TestKVWatchComesBack: a watch outlives the bus, tells nothing twice, and misses
// nothing.
func TestKVWatchComesBack(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	at, away := Address{}, errors.New("no bus yet")
	conn, err := Connect(func() (Address, error) {
		mu.Lock()
		defer mu.Unlock()
		return at, away
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	told := watching(t, conn.KV(testKV)) // before there is a bus

	for life, want := range []struct{ first, second string }{{"0 ", "1 a"}, {"2 b", "3 c"}} {
		server, local := open(t, dir, "127.0.0.1:0", DefaultMaxBytes)
		k := local.KV(testKV)
		if life == 1 {
			put(t, k, "b", 1) // while the watch is away
		}
		mu.Lock()
		at, away = Address{"nats://" + server.Addr(), token}, nil
		mu.Unlock()
		wait(t, told, want.first)
		revision, value, _ := strings.Cut(want.second, " ")
		put(t, k, value, map[string]uint64{"1": 0, "3": 2}[revision])
		wait(t, told, want.second)
		if life == 1 {
			if err := server.Restart(); err != nil {
				t.Fatal(err)
			}
			// The connection comes back by itself; should an answer be lost with the
			// old one, the next attempt ends in a conflict.
			for err := errors.New("not yet"); err != nil && !errors.Is(err, ErrConflict); {
				_, err = k.Put(t.Context(), "key", []byte("d"), 3)
			}
			wait(t, told, "4 d")
		}
		mu.Lock()
		at, away = Address{}, errors.New("no bus now")
		mu.Unlock()
		local.Close()
		server.Close()
	}
}
