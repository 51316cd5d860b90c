package generate

import (
	"math"
	"math/rand/v2"
	"time"

	"sojourn/internal/record"
)

// The rhythm of a day and of a week, in UTC: quiet at night, busiest in the early
// evening, a third less at weekends.
const (
	busiestHour  = 18
	quietest     = 0.25 // of the busiest
	weekendShare = 0.65
	minuteMicros = record.Time(time.Minute / time.Microsecond)
)

// lively tells how busy the minute of t is, up to 1.
func lively(t record.Time) float64 {
	at := t.Std()
	hour := float64(at.Hour()) + float64(at.Minute())/60
	// A cosine that is pressed into a shorter night than day.
	wave := (1 + math.Cos((hour-busiestHour)/24*2*math.Pi)) / 2
	busy := quietest + (1-quietest)*math.Pow(wave, 0.8)
	if day := at.Weekday(); day == time.Saturday || day == time.Sunday {
		busy *= weekendShare
	}
	return busy
}

// moments yields exactly n times from from to to, rising, as many in each minute
// as the rhythm asks for, with how busy that minute is.
func moments(rng *rand.Rand, n int64, from, to record.Time, yield func(at record.Time, busy float64) bool) {
	var total float64
	minutes := func(do func(start, length record.Time, busy float64) bool) {
		for start := from; start < to; {
			end := min(start-start%minuteMicros+minuteMicros, to)
			if !do(start, end-start, lively(start)) {
				return
			}
			start = end
		}
	}
	minutes(func(_, length record.Time, busy float64) bool {
		total += busy * float64(length)
		return true
	})
	var sum float64
	var made int64
	minutes(func(start, length record.Time, busy float64) bool {
		sum += busy * float64(length)
		due := min(int64(math.Round(sum/total*float64(n))), n)
		if start+length == to {
			due = n
		}
		here := due - made
		for i := range here {
			// One in each of as many equal stretches of the minute.
			at := start + record.Time((float64(i)+rng.Float64())/float64(here)*float64(length))
			if !yield(at, busy) {
				return false
			}
		}
		made = due
		return true
	})
}
