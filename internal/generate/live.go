package generate

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"sojourn/internal/record"
)

// liveStep is how often live requests are handed on.
const liveStep = 10 * time.Millisecond

// Live makes up requests as time goes by, rate of them a second, and hands each to
// put, until ctx is done. Time comes from the clock, so that two runs are alike but
// not the same. What a slow put leaves undone is made up for, a second of it at
// the most.
func Live(ctx context.Context, rate float64, seed uint64, put func(*record.Request)) {
	const daily = float64(24 * time.Hour / time.Second)
	s := newSites(seed)
	crowd := newCrowd(Config{Requests: int64(max(1, rate*daily)), To: dayMicros, Seed: seed}, s)
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), seed))
	crowd.made = rng.Uint64() // sessions of their own each time
	node := rng.Uint32N(1 << record.NodeBits)
	tick := time.NewTicker(liveStep)
	defer tick.Stop()
	var (
		p        page
		visits   []visit
		requests []record.Request
		number   uint64
		due      float64
	)
	for last := time.Now(); ; {
		var now time.Time
		select {
		case now = <-tick.C:
		case <-ctx.Done():
			return
		}
		stretch := min(now.Sub(last), time.Second)
		whole, rest := math.Modf(due + rate*stretch.Seconds())
		due = rest
		visits = visits[:0]
		for i := range int(whole) {
			at := now.Add(-stretch + time.Duration(float64(i)/whole*float64(stretch)))
			visits = append(visits, visit{record.TimeOf(at), crowd.who(rng, 1)})
		}
		last = now
		if cap(requests) < len(visits) {
			requests = make([]record.Request, len(visits))
		}
		requests = requests[:len(visits)]
		p.write(requests, visits, s, rng, node, number)
		number += uint64(len(visits))
		for i := range requests {
			put(&requests[i])
		}
	}
}
