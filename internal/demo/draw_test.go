package demo

import (
	"math"
	"testing"
	"time"
)

func TestDraw(t *testing.T) {
	if a, b := draw(1, 2, 3).Uint64(), draw(1, 2, 3).Uint64(); a != b {
		t.Errorf("the same place drew %x and %x", a, b)
	}
	seen := map[uint64]bool{}
	for _, place := range [][]uint64{{}, {0}, {1}, {0, 0}, {0, 1}, {1, 0}, {0, 0, 0}} {
		seen[draw(7, place...).Uint64()] = true
		seen[draw(8, place...).Uint64()] = true
	}
	if len(seen) != 14 {
		t.Errorf("14 places drew %d different numbers", len(seen))
	}
}

func TestPoisson(t *testing.T) {
	for _, mean := range []float64{0, 0.3, 4, 49, 51, 4000} {
		r, sum, square := draw(1, uint64(mean*10)), 0.0, 0.0
		const n = 20000
		for range n {
			x := float64(poisson(r, mean))
			sum, square = sum+x, square+x*x
		}
		got, variance := sum/n, square/n-sum/n*sum/n
		if math.Abs(got-mean) > 5*math.Sqrt(mean/n) || math.Abs(variance-mean) > 0.06*mean {
			t.Errorf("mean %g: drew mean %g, variance %g", mean, got, variance)
		}
	}
}

func TestAround(t *testing.T) {
	r, below := draw(1), 0
	for range 10000 {
		d := around(r, time.Second)
		if d <= 0 || d > 10*time.Second {
			t.Fatalf("around a second: %v", d)
		}
		if d < time.Second {
			below++
		}
	}
	if below < 4800 || below > 5200 {
		t.Errorf("%d of 10000 are below the median", below)
	}
}
