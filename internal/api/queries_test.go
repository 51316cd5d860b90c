package api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"sojourn/internal/store"
)

func TestQueries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueries(1, time.Second)
		leave, err := q.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := q.enter(t.Context()); !errors.Is(err, errBusy) || time.Since(began) != time.Second {
			t.Errorf("a second question: %v after %s", err, time.Since(began))
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := q.enter(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("a question whose caller left: %v", err)
		}
		go func() {
			time.Sleep(time.Second / 2)
			leave()
		}()
		if leave, err = q.enter(t.Context()); err != nil {
			t.Errorf("a question that waited for its turn: %v", err)
		} else {
			leave()
		}
	})
}

// stuckReader answers when it is cancelled.
type stuckReader struct{ Reader }

func (stuckReader) Sessions(ctx context.Context, _ store.SessionQuery) (store.SessionPage, error) {
	<-ctx.Done()
	return store.SessionPage{}, ctx.Err()
}

// TestQueries_Stuck fills every turn with questions that never end: they end, and
// what needs no turn is answered meanwhile.
func TestQueries_Stuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(c *Config) { c.Store = stuckReader{c.Store} })
		began := time.Now()
		type end struct {
			after time.Duration
			problem
		}
		ends := make(chan end, maxQueries+1)
		for range maxQueries {
			go func() {
				r := f.do("GET", "/api/v1/sessions")
				ends <- end{time.Since(began), problemIn(t, r)}
			}()
		}
		synctest.Wait()
		if r := f.do("GET", "/api/v1/me"); r.StatusCode != 200 {
			t.Errorf("/me: %d", r.StatusCode)
		}
		if r := f.do("GET", "/api/v1/system"); r.StatusCode != 200 {
			t.Errorf("/system: %d", r.StatusCode)
		}
		p := problemIn(t, f.do("GET", "/api/v1/sessions"))
		if p.Status != 503 || time.Since(began) != queryWait {
			t.Errorf("one too many: %+v after %s", p, time.Since(began))
		}
		for range maxQueries {
			if e := <-ends; e.Status != 503 || e.after != queryTimeout {
				t.Errorf("stuck: %+v", e)
			}
		}
	})
}
