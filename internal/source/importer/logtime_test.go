package importer

import (
	"testing"
	"time"
)

// Every day of two leap cycles, in three zones, agrees with package time.
func TestClockAgreesWithTime(t *testing.T) {
	const layout = "02/Jan/2006:15:04:05 -0700"
	var clock clfClock
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("", 5*3600+45*60), time.FixedZone("", -9*3600)} {
		for at := time.Date(2019, 1, 1, 3, 4, 5, 0, zone); at.Year() < 2029; at = at.Add(17 * time.Hour) {
			text := at.Format(layout)
			if got, ok := clock.parse([]byte(text)); !ok || got != at.Unix() {
				t.Fatalf("%s: %d, %v; want %d", text, got, ok, at.Unix())
			}
		}
	}
}
