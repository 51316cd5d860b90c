package demo

import (
	"math"
	"math/rand/v2"
	"time"
)

// draw returns the random numbers that belong to the given place in the demo: a
// person, a minute, a visit. Equal places draw equal numbers, in any order of
// asking, so nothing has to be remembered to be reproduced.
func draw(seed uint64, place ...uint64) *rand.Rand {
	h := mix(seed)
	for _, p := range place {
		h = mix(h ^ mix(p+1))
	}
	return rand.New(rand.NewPCG(h, mix(h)))
}

// mix spreads x over all 64 bits: the finaliser of SplitMix64 (Steele, Lea and
// Flood, "Fast splittable pseudorandom number generators", 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// around draws a positive time that scatters around its median the way waiting
// and thinking do: log-normal, with a long tail to the right, cut at tenfold.
func around(r *rand.Rand, median time.Duration) time.Duration {
	return time.Duration(float64(median) * min(math.Exp(0.6*r.NormFloat64()), 10))
}

// poisson draws how many independent things happen when mean are expected.
func poisson(r *rand.Rand, mean float64) int {
	if mean > 50 { // the normal distribution is close enough, and exp(-mean) stays away from 0
		return max(0, int(math.Round(mean+math.Sqrt(mean)*r.NormFloat64())))
	}
	n, left := 0, math.Exp(-mean)
	for p := r.Float64(); p > left; p *= r.Float64() {
		n++
	}
	return n
}

// chance is true with probability p.
func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

// pick returns one of list, which must not be empty.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
