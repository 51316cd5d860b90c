package demo

import (
	"cmp"
	"container/heap"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"
)

// Host is the name that the traffic calls the shop by.
const Host = "shop.example.com"

// Traffic says how much comes, and in which rhythm.
type Traffic struct {
	Seed      uint64
	PerSecond float64 // requests, on average; 0 to MaxPerSecond
	Steady    bool    // the same at night as by day
}

// MaxPerSecond bounds how many visits can be open at once, and so the memory.
const MaxPerSecond = 1000

const (
	requestsPerVisit = 11.6 // on average over all kinds; a test measures it
	machineShare     = 0.10 // of the visits: partners and the crawler, day and night
	knownShare       = 0.74 // of the people's visits: those who have an account
	visitsADay       = 0.8  // of one customer
	minCustomers     = 250
)

// rhythm is how busy people are in each hour of the UTC day; its mean is 1.
var rhythm = [24]float64{
	0.30, 0.18, 0.12, 0.10, 0.12, 0.22, 0.50, 0.90, 1.15, 1.25, 1.30, 1.40,
	1.55, 1.40, 1.25, 1.20, 1.25, 1.40, 1.65, 1.90, 1.95, 1.55, 0.90, 0.46,
}

func (t Traffic) check() error {
	if !(t.PerSecond > 0 && t.PerSecond <= MaxPerSecond) {
		return fmt.Errorf("demo rate %g: must be above 0 and at most %d requests a second", t.PerSecond, MaxPerSecond)
	}
	return nil
}

// schedule yields the steps of all visits that begin in [from, to), in the order
// of their time, up to to. It depends on nothing but t and the window, and in
// the overlap of two windows holds the same visits.
func schedule(t Traffic, from, to time.Time) iter.Seq[step] {
	return func(yield func(step) bool) {
		var open visits
		for minute := from.Truncate(time.Minute); minute.Before(to); minute = minute.Add(time.Minute) {
			t.begin(&open, minute, from)
			for len(open) > 0 && open[0].at().Before(minute.Add(time.Minute)) {
				next := open[0].steps[0]
				if !next.at.Before(to) || !yield(next) {
					return
				}
				if open[0].steps = open[0].steps[1:]; len(open[0].steps) == 0 {
					heap.Pop(&open)
				} else {
					heap.Fix(&open, 0)
				}
			}
		}
	}
}

// begin opens the visits that start in a minute, leaving out those before from.
func (t Traffic) begin(open *visits, minute, from time.Time) {
	mean := t.PerSecond * 60 / requestsPerVisit
	busy := rhythm[minute.UTC().Hour()]
	if t.Steady {
		busy = 1
	}
	r := draw(t.Seed, placeMinute, uint64(minute.Unix()))
	people := poisson(r, mean*(1-machineShare)*busy)
	machines := poisson(r, mean*machineShare)
	for i := range people + machines {
		start := minute.Add(time.Duration(r.Int64N(int64(time.Minute))).Truncate(time.Microsecond))
		one := draw(t.Seed, placeVisit, uint64(minute.Unix()), uint64(i))
		if start.Before(from) {
			continue
		}
		v := newVisit(t, one, start, i >= people)
		v.number = uint64(minute.Unix())<<24 | uint64(i)
		if len(v.steps) > 0 {
			heap.Push(open, v)
		}
	}
}

// newVisit decides who comes and what they do.
func newVisit(t Traffic, r *rand.Rand, start time.Time, machine bool) *visit {
	v := &visit{r: r, seed: t.Seed, now: start}
	switch {
	case machine && chance(r, 0.75):
		v.client = partnerClient(t.Seed, r)
		v.sync()
	case machine:
		v.client = crawlerClient(r)
		v.crawl()
	case chance(r, 0.02):
		v.client = staffClient(t.Seed, r)
		v.manage()
	case chance(r, 1-knownShare):
		v.client = guestClient(t.Seed, r)
		v.look()
	default:
		p, _ := personOf(t.Seed, firstCustomer+r.IntN(t.customers()))
		if p.id%100 < 55 {
			v.client = appClient(t.Seed, p, r)
			v.tap()
		} else {
			v.client = webClient(t.Seed, p)
			v.shop()
		}
	}
	return v
}

// customers is how many people there are, so that each comes about once a day
// however dense the traffic is.
func (t Traffic) customers() int {
	visits := t.PerSecond * 24 * 60 * 60 / requestsPerVisit * knownShare
	return max(minCustomers, min(int(visits/visitsADay), maxCustomers))
}

// visits is a heap of open visits: the one with the earliest step first.
type visits []*visit

func (v visits) Len() int { return len(v) }
func (v visits) Less(i, j int) bool {
	return cmp.Or(v[i].at().Compare(v[j].at()), cmp.Compare(v[i].number, v[j].number)) < 0
}
func (v visits) Swap(i, j int) { v[i], v[j] = v[j], v[i] }
func (v *visits) Push(x any)   { *v = append(*v, x.(*visit)) }
func (v *visits) Pop() any {
	last := len(*v) - 1
	x := (*v)[last]
	(*v)[last] = nil
	*v = (*v)[:last]
	return x
}
