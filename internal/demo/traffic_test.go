package demo

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var testDay = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// told is what can be said of a step without its jar.
type told struct {
	At                       time.Time
	IP, Agent, Key           string
	Need                     need
	Method, Path, Body, Refr string
}

func steps(t Traffic, from, to time.Time) []told {
	var list []told
	for s := range schedule(t, from, to) {
		list = append(list, told{
			s.at, s.client.ip.String(), s.client.agent, s.client.apiKey, s.need, s.method, s.path, s.body, s.referer,
		})
	}
	return list
}

func TestSchedule(t *testing.T) {
	traffic := Traffic{Seed: 1, PerSecond: 0.2}
	from, to := testDay.Add(9*time.Hour+13*time.Second), testDay.Add(21*time.Hour)
	list := steps(traffic, from, to)

	t.Run("is reproducible", func(t *testing.T) {
		if diff := cmp.Diff(list, steps(traffic, from, to)); diff != "" {
			t.Error(diff)
		}
		if other := steps(Traffic{Seed: 2, PerSecond: 0.2}, from, to); cmp.Equal(list, other) {
			t.Error("another seed makes the same traffic")
		}
	})
	t.Run("is ordered and stays in its window", func(t *testing.T) {
		if !slices.IsSortedFunc(list, func(a, b told) int { return a.At.Compare(b.At) }) {
			t.Error("steps out of order")
		}
		if first, last := list[0].At, list[len(list)-1].At; first.Before(from) || !last.Before(to) {
			t.Errorf("from %v to %v", first, last)
		}
	})
	t.Run("a shorter window is its beginning", func(t *testing.T) {
		noon := testDay.Add(12 * time.Hour)
		short := steps(traffic, from, noon)
		if len(short) == 0 || !cmp.Equal(short, list[:len(short)]) || list[len(short)].At.Before(noon) {
			t.Errorf("%d steps until noon differ from the day's", len(short))
		}
	})
	t.Run("a later window holds the same visits", func(t *testing.T) {
		known := map[told]bool{}
		for _, s := range list {
			known[s] = true
		}
		for _, s := range steps(traffic, testDay.Add(15*time.Hour), to) {
			if !known[s] {
				t.Fatalf("%+v is not in the longer window", s)
			}
		}
	})
	t.Run("stops when asked", func(t *testing.T) {
		n := 0
		for range schedule(traffic, from, to) {
			if n++; n == 10 {
				break
			}
		}
	})
}

func TestScheduleRhythm(t *testing.T) {
	sum := 0.0
	for _, busy := range rhythm {
		sum += busy
	}
	if math.Abs(sum-24) > 0.05 {
		t.Errorf("the hours of the rhythm add up to %g, want 24", sum)
	}
	count := func(steady bool) (night, evening int) {
		for s := range schedule(Traffic{Seed: 3, PerSecond: 0.5, Steady: steady}, testDay, testDay.AddDate(0, 0, 1)) {
			switch s.at.Hour() {
			case 2, 3:
				night++
			case 19, 20:
				evening++
			}
		}
		return night, evening
	}
	if night, evening := count(false); evening < 4*night {
		t.Errorf("%d steps at night, %d in the evening: no rhythm", night, evening)
	}
	if night, evening := count(true); evening > 2*night || night > 2*evening {
		t.Errorf("%d steps at night, %d in the evening: not steady", night, evening)
	}
}

func TestTrafficCheck(t *testing.T) {
	for _, rate := range []float64{0, -1, math.NaN(), math.Inf(1), MaxPerSecond + 1} {
		if err := (Traffic{PerSecond: rate}).check(); err == nil || !strings.Contains(err.Error(), "rate") {
			t.Errorf("rate %g: %v", rate, err)
		}
	}
}

func BenchmarkSchedule(b *testing.B) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for range schedule(Traffic{Seed: 1, PerSecond: 0.1}, testDay, testDay.AddDate(0, 0, 1)) {
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "steps/s")
}
