package storetest

import (
	"slices"
	"sync"
	"testing"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

func testSeal(t *testing.T, f *fixture) {
	g := newGenerator(6)
	batch := func() store.Batch { return g.batch(150, 10, 2) }
	sealed := func() (sealed []bool) {
		days, _, err := f.store.Status(f.ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range days {
			sealed = append(sealed, d.Sealed)
		}
		return sealed
	}
	monday, tuesday := monday.Day(), monday.Day()+1
	f.writeBatch(batch())
	if got := sealed(); !slices.Equal(got, []bool{false, false}) {
		t.Errorf("sealed before: %v", got)
	}
	f.seal(monday, tuesday, tuesday+40)
	if got := sealed(); !slices.Equal(got, []bool{true, true}) {
		t.Errorf("sealed: %v", got)
	}
	f.check(store.Filter{})
	last := store.Batch{Position: store.Position{Log: "log", Seq: f.seq}, Requests: []record.Request{f.model.requests[0]}}
	f.mustWrite(store.Written{Skipped: 1}, last) // positions survive
	if got := sealed(); !slices.Equal(got, []bool{true, true}) {
		t.Errorf("sealed after a replay that wrote nothing: %v", got)
	}
	f.write(request(monday.Start()+5, session(3)))
	if got := sealed(); !slices.Equal(got, []bool{true, false}) { // newest first
		t.Errorf("sealed after a write to the older day: %v", got)
	}
	f.writeBatch(batch())
	f.check(store.Filter{})
	f.seal(tuesday, tuesday)
	f.seal(monday)
	f.seal(monday)
	f.check(store.Filter{})
	f.check(where(is("method", "POST")))
}

func testExpireDays(t *testing.T, f *fixture) {
	today := monday.Day()
	for i := -3; i <= 2; i++ {
		f.write(request(monday+record.Time(i)*day, session(1)))
	}
	f.expire(today, record.Retention{})
	f.expire(today, record.Retention{Days: 4})
	f.expire(today, record.Retention{Days: 2}, today-3, today-2)
	f.expire(today, record.Retention{Days: 1}, today-1)
	f.expire(today, record.Retention{Days: 1})
	if days, _, err := f.store.Status(f.ctx); err != nil || len(days) != 3 || days[0].Day != today+2 || days[2].Day != today {
		t.Errorf("days left: %v, %v", days, err)
	}
	f.mustWrite(store.Written{Stored: 1}, store.Batch{ // a dropped day starts anew, positions included
		Position: store.Position{Log: "log", Seq: 1}, Requests: []record.Request{request(monday-day, session(9))},
	})
	f.check(store.Filter{})
}

func testExpireBytes(t *testing.T, f *fixture) {
	today := monday.Day()
	for i := -4; i <= 0; i++ {
		var rs []record.Request
		for n := range 500 {
			rs = append(rs, request(monday+record.Time(i)*day+record.Time(n), session(uint64(n%40))))
		}
		f.write(rs...)
	}
	if err := f.store.Seal(f.ctx, today-4, today-3, today-2, today-1, today); err != nil {
		t.Fatal(err)
	}
	days, _, err := f.store.Status(f.ctx)
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, d := range days {
		if d.Bytes <= 0 || d.Requests != 500 {
			t.Errorf("%s: %d bytes, %d requests", d.Day, d.Bytes, d.Requests)
		}
		total += d.Bytes
	}
	f.expire(today, record.Retention{Bytes: total})
	f.expire(today, record.Retention{Bytes: total - 1}, today-4)
	f.expire(today, record.Retention{Bytes: 1}, today-3, today-2, today-1) // never today
	f.expire(today-1, record.Retention{Bytes: 1})                          // nor the future
}

// expire drops days and expects exactly the given ones to go, oldest first.
func (f *fixture) expire(today record.Day, r record.Retention, want ...record.Day) {
	f.t.Helper()
	dropped, err := f.store.Expire(f.ctx, today, r)
	if err != nil {
		f.t.Fatalf("Expire: %v", err)
	}
	if !slices.Equal(dropped, want) {
		f.t.Fatalf("Expire(%s, %+v) dropped %v, want %v", today, r, dropped, want)
	}
	for _, d := range want {
		f.model.drop(d)
	}
	f.check(store.Filter{})
}

// testRandom compares random questions about random requests with the model,
// with days sealed and batches repeated along the way.
func testRandom(t *testing.T, f *fixture) {
	g := newGenerator(7)
	var batches []store.Batch
	for seq := range uint64(12) {
		b := g.batch(g.IntN(80), 25, 3)
		b.Position = store.Position{Log: pick(g, []string{"a", "b"}), Seq: seq}
		batches = append(batches, b)
		// Each call starts where a reader that lost its place might start.
		from := max(0, len(batches)-1-g.IntN(3))
		want := f.model.write(batches[from:])
		if got, err := f.store.Write(f.ctx, batches[from:]); err != nil || got != want {
			t.Fatalf("Write counted %+v, %v; want %+v", got, err, want)
		}
		if seq%5 == 4 {
			f.seal(monday.Day() + record.Day(g.IntN(3)))
		}
	}
	f.check(store.Filter{})
	questions := 40
	if testing.Short() || f.brief {
		questions = 10
	}
	for range questions {
		f.check(g.filter(f.model.requests))
		f.checkQuery(g.query(f.model.requests))
	}
	f.erase(g.filter(f.model.requests))
}

// testConcurrent reads while one writer writes, seals and drops days: each page
// is whole, and the end is what the writer wrote.
func testConcurrent(t *testing.T, f *fixture) {
	done := make(chan struct{})
	var readers sync.WaitGroup
	for i := range 3 {
		readers.Go(func() {
			g := newGenerator(uint64(i))
			for {
				select {
				case <-done:
					return
				default:
				}
				page, err := f.store.Sessions(f.ctx, store.SessionQuery{Limit: 5})
				if err != nil {
					t.Errorf("Sessions: %v", err)
					return
				}
				for _, p := range page.Parts {
					if p.Requests%5 != 0 || p.Matched != p.Requests {
						t.Errorf("part %s %s has %d requests, %d matched: a transaction was torn", p.ID, p.Part, p.Requests, p.Matched)
					}
				}
				if _, err := f.store.Requests(f.ctx, store.RequestQuery{Limit: 5, Filter: store.Filter{From: g.time(4)}}); err != nil {
					t.Errorf("Requests: %v", err)
				}
				if _, _, err := f.store.Status(f.ctx); err != nil {
					t.Errorf("Status: %v", err)
				}
			}
		})
	}
	for i := range 40 {
		var rs []record.Request
		at := monday + record.Time(i%4)*day + record.Time(i)*second
		for n := range 5 {
			rs = append(rs, request(at+record.Time(n), session(uint64(i%3))))
		}
		f.write(rs...)
		switch i % 10 {
		case 4:
			if err := f.store.Seal(f.ctx, at.Day()); err != nil {
				t.Errorf("Seal: %v", err)
			}
		case 9:
			dropped, err := f.store.Expire(f.ctx, monday.Day()+record.Day(i/10), record.Retention{Days: 2})
			if err != nil {
				t.Errorf("Expire: %v", err)
			}
			for _, d := range dropped {
				f.model.drop(d)
			}
		}
	}
	close(done)
	readers.Wait()
	f.check(store.Filter{})
}
