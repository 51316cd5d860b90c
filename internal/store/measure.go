package store

import (
	"math/bits"
	"slices"
)

// Measure is what a query computes for each group of requests.
type Measure struct {
	Name string
	Unit Unit
	Doc  string
}

// Measures are all of them.
var Measures = []Measure{
	{"requests", UnitNone, "Requests"},
	{"sessions", UnitNone, "Distinct sessions"},
	{"users", UnitNone, "Distinct users; requests without one do not count"},
	{"ips", UnitNone, "Distinct client addresses; unknown ones do not count"},
	{"attacks", UnitNone, "Requests with at least one attack"},
	{"blocked", UnitNone, "Requests that a verdict refused"},
	{"errors", UnitNone, "Requests with status 4xx or 5xx"},
	{"error_share", UnitNone, "Errors over requests, 0 to 1"},
	{"p50", UnitMicroseconds, "Median duration, of the requests that tell one"},
	{"p95", UnitMicroseconds, "95th percentile of the duration"},
	{"p99", UnitMicroseconds, "99th percentile of the duration"},
	{"bytes", UnitBytes, "Bytes of bodies, both ways, that are known"},
}

// IsMeasure reports whether there is a measure of that name.
func IsMeasure(name string) bool {
	return slices.ContainsFunc(Measures, func(m Measure) bool { return m.Name == name })
}

// Percentiles are read from counts of durations by bucket, so that days add up
// and every store gives the same number. A bucket is at most 1/64 of its values
// wide, so what Percentile returns is at most 0.8 % off (the layout is that of
// HdrHistogram, http://hdrhistogram.org, with 64 buckets for each power of two).

// DurationBucket returns the bucket of a duration in microseconds, 0 or more:
// itself up to 127; beyond, with e = floor(log2(us)) - 6, 64e + (us >> e).
func DurationBucket(us int64) int64 {
	if us < 128 {
		return max(us, 0)
	}
	e := int64(bits.Len64(uint64(us))) - 7
	return 64*e + us>>e
}

// BucketMiddle returns the duration in the middle of a bucket.
func BucketMiddle(bucket int64) float64 {
	if bucket < 128 {
		return float64(bucket)
	}
	e := bucket/64 - 1
	low := (bucket - 64*e) << e
	return float64(low) + float64(int64(1)<<e-1)/2
}

// Percentile returns the p-th part (0 to 1) of durations that are counted by
// bucket; false when there are none.
func Percentile(counts map[int64]int64, p float64) (us float64, ok bool) {
	var total int64
	buckets := make([]int64, 0, len(counts))
	for b, n := range counts {
		buckets, total = append(buckets, b), total+n
	}
	if total == 0 {
		return 0, false
	}
	slices.Sort(buckets)
	// The smallest bucket that has p of all durations in it or below it.
	var below int64
	for _, b := range buckets {
		below += counts[b]
		if float64(below) >= p*float64(total) {
			return BucketMiddle(b), true
		}
	}
	return BucketMiddle(buckets[len(buckets)-1]), true
}
