package generate

import (
	"math/rand/v2"

	"sojourn/internal/record"
)

// visit is one request that somebody makes.
type visit struct {
	at record.Time
	by *session
}

// crowd is everybody who is active: many with a session of usual length, and a few
// machines that never sleep.
type crowd struct {
	config Config
	*sessions
	active   []*session
	machines []*session
	share    []float64 // of all requests, that are of machines[i] or one before it
}

const (
	// activeOf is one session that is active at the busiest time, for this many
	// requests a day: people click about every half minute.
	activeOf  = 3300
	minActive = 8

	// machineCount is how many machines there are. Each makes a hundredth of the
	// requests; the heaviest makes more where that is less than heaviest a day.
	machineCount  = 8
	machineShare  = 0.01
	heaviest      = 100_000
	heaviestShare = 0.10
)

func newCrowd(c Config, s *sites) *crowd {
	days := max(float64(c.To-c.From)/float64(dayMicros), 1)
	daily := float64(c.Requests) / days
	w := &crowd{config: c, sessions: newSessions(c.Seed, s)}
	w.active = make([]*session, max(minActive, int(daily/activeOf)))
	sum := 0.0
	for i := range machineCount {
		share := machineShare
		if i == 0 {
			share = max(share, min(heaviestShare, heaviest/daily))
		}
		sum += share
		w.machines, w.share = append(w.machines, w.machine(uint64(i))), append(w.share, sum)
	}
	return w
}

// visits yields all requests, in the order of time.
func (w *crowd) visits(yield func(visit) bool) {
	rng := rand.New(rand.NewPCG(w.config.Seed, crowdStream))
	moments(rng, w.config.Requests, w.config.From, w.config.To, func(at record.Time, busy float64) bool {
		return yield(visit{at, w.who(rng, busy)})
	})
}

// who makes the next request. Fewer are active when it is less busy; those who
// are not come back when it is busy again, the next day: people return.
func (w *crowd) who(rng *rand.Rand, busy float64) *session {
	luck := rng.Float64()
	if last := len(w.share) - 1; luck < w.share[last] {
		i := 0
		for luck >= w.share[i] {
			i++
		}
		return w.machines[i]
	}
	i := rng.IntN(max(1, int(busy*float64(len(w.active)))))
	s := w.active[i]
	if s == nil {
		s = w.next(rng)
		w.active[i] = s
	}
	if s.left--; s.left == 0 {
		w.active[i] = nil
	}
	return s
}
