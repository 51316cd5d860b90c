package geo

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var documentation = netip.MustParseAddr("192.0.2.1")

// replace puts content in path's place with one rename, as careful updaters do.
func replace(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func countryOf(t testing.TB, code string) []byte {
	t.Helper()
	return build(t, 6, networks{"192.0.2.0/24": isoCountry(code)})
}

func TestReload(t *testing.T) {
	path, other := write(t, countryOf(t, "DE")), write(t, countryOf(t, "IT"))
	r := open(t, path, other)
	f := func(want string) {
		t.Helper()
		if got := r.Lookup(documentation).Country; got != want {
			t.Errorf("country %q, want %q", got, want)
		}
	}
	f("DE")
	replace(t, path, countryOf(t, "FR"))
	f("DE")
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	f("FR")

	replace(t, path, []byte("an error page"))
	replace(t, other, countryOf(t, "ES"))
	if err := r.Reload(); err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), other) {
		t.Errorf("Reload() = %v, want an error of %s alone", err, path)
	}
	f("FR")
	replace(t, path, build(t, 6, networks{"192.0.2.0/24": asn(64496, "Example")}))
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	f("ES")
}

// TestRunFollowsFiles runs with the bubble's clock: a second passes when everybody
// waits for it.
func TestRunFollowsFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := write(t, countryOf(t, "DE"))
		var logged lockedBuffer
		r, err := Open([]string{path}, slog.New(slog.NewTextHandler(&logged, nil)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { r.Run(ctx, time.Second) })
		time.Sleep(time.Second / 2) // between two looks, from here on

		f := func(looks int, want string, errorsLogged int) {
			t.Helper()
			time.Sleep(time.Duration(looks) * time.Second)
			synctest.Wait()
			if got := r.Lookup(documentation).Country; got != want {
				t.Errorf("country %q, want %q", got, want)
			}
			if n := strings.Count(logged.String(), "level=ERROR"); n != errorsLogged {
				t.Errorf("%d errors logged, want %d:\n%s", n, errorsLogged, logged.String())
			}
		}
		f(3, "DE", 0)
		replace(t, path, countryOf(t, "FR"))
		f(1, "DE", 0) // seen, not yet settled
		f(1, "FR", 0)

		half := countryOf(t, "ES")
		replace(t, path, half[:len(half)/3])
		f(1, "FR", 0)
		replace(t, path, half[:len(half)/2]) // still being written
		f(1, "FR", 0)
		replace(t, path, half)
		f(2, "ES", 0)

		replace(t, path, []byte("an error page"))
		f(5, "ES", 1)
		replace(t, path, []byte("another one"))
		f(5, "ES", 1)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		f(5, "ES", 2)
		replace(t, path, countryOf(t, "IT"))
		f(2, "IT", 2)

		cancel()
		running.Wait()
	})
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	log bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.String()
}

func TestRunNever(t *testing.T) {
	open(t).Run(t.Context(), time.Second)
	open(t, write(t, countryOf(t, "DE"))).Run(t.Context(), 0)
}

// TestLookupDuringReload is for the race detector: lookups see one content or the
// other, never nothing.
func TestLookupDuringReload(t *testing.T) {
	path := write(t, countryOf(t, "DE"))
	contents := [][]byte{countryOf(t, "FR"), countryOf(t, "DE")}
	r := open(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	var looking sync.WaitGroup
	for range 4 {
		looking.Go(func() {
			for ctx.Err() == nil {
				if got := r.Lookup(documentation).Country; got != "DE" && got != "FR" {
					t.Errorf("country %q", got)
					return
				}
			}
		})
	}
	for i := range 100 {
		replace(t, path, contents[i%2])
		if err := r.Reload(); err != nil {
			t.Error(err)
		}
	}
	// In place, as a careless updater does: lookups go on with what was read.
	if err := os.Truncate(path, 10); err != nil {
		t.Fatal(err)
	}
	if err := r.Reload(); err == nil {
		t.Error("a truncated file was taken")
	}
	cancel()
	looking.Wait()
}
