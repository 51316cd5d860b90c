package generate

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"sojourn/internal/record"
)

func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := record.TimeOf(time.Now())
		seen, last := map[record.RequestID]bool{}, record.Time(0)
		Live(ctx, 1234, 1, func(r *record.Request) {
			now := record.TimeOf(time.Now())
			if r.Started < began || r.Started > now || r.Started < last || seen[r.ID] || r.Path == "" {
				t.Fatalf("at %s, after one of %s: %+v", now, last, r)
			}
			seen[r.ID], last = true, r.Started
		})
		if n := len(seen); n < 12_300 || n > 12_340 {
			t.Errorf("%d requests in ten seconds, want 12,340", n)
		}
	})
}
