package inspect

import (
	"sync"
	"testing"
	"time"

	"sojourn/internal/record"
)

func TestIDs(t *testing.T) {
	i := newIDs(5)
	i.counter.Store(1<<record.SeqBits - 2) // about to wrap
	now := time.UnixMicro(1_700_000_000_000_000)
	var mu sync.Mutex
	seen := map[record.RequestID]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				id := i.next(now)
				mu.Lock()
				if seen[id] || id.Node != 5 || id.At != record.TimeOf(now) || id.Seq >= 1<<record.SeqBits {
					t.Errorf("id %+v", id)
				}
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}
