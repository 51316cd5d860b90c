package store

import (
	"math"
	"testing"
)

// TestDurationBucket: buckets follow each other without a gap, each holds its
// middle, and none is wider than it says.
func TestDurationBucket(t *testing.T) {
	last := int64(-1)
	for us := int64(0); us < 1<<20; us++ {
		b := DurationBucket(us)
		if b != last && b != last+1 {
			t.Fatalf("%d us is in bucket %d, the one before in %d", us, b, last)
		}
		last = b
	}
	for _, us := range []int64{-1, 0, 1, 127, 128, 129, 255, 256, 1 << 20, 123_456_789, 1<<40 + 12345, math.MaxInt64 - 1, math.MaxInt64} {
		middle := BucketMiddle(DurationBucket(us))
		if off := math.Abs(middle - float64(max(us, 0))); off > float64(max(us, 0))/128 {
			t.Errorf("%d us is told as %f", us, middle)
		}
		if got := DurationBucket(int64(min(middle, math.MaxInt64-1024))); us < math.MaxInt64-1<<56 && got != DurationBucket(us) {
			t.Errorf("the middle of bucket %d is in bucket %d", DurationBucket(us), got)
		}
	}
}

func TestPercentile(t *testing.T) {
	counts := map[int64]int64{}
	for us := range int64(100) {
		counts[DurationBucket(us+1)]++
	}
	for p, want := range map[float64]float64{0: 1, .01: 1, .5: 50, .95: 95, .99: 99, 1: 100} {
		if got, ok := Percentile(counts, p); !ok || got != want {
			t.Errorf("the %v part of 1 to 100: %v, %v; want %v", p, got, ok, want)
		}
	}
	if got, ok := Percentile(map[int64]int64{7: 1}, .5); !ok || got != 7 {
		t.Errorf("the median of one: %v, %v", got, ok)
	}
	if _, ok := Percentile(nil, .5); ok {
		t.Error("nothing has a median")
	}
}

func TestMeasures(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Measures {
		if seen[m.Name] || m.Doc == "" || !IsMeasure(m.Name) {
			t.Errorf("measure %q is there twice, lacks its doc, or is none", m.Name)
		}
		seen[m.Name] = true
	}
	if IsMeasure("") || IsMeasure("nothing") {
		t.Error("what is no measure is taken for one")
	}
}
