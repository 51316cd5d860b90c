package main

import (
	"testing"

	"sojourn/internal/record"
)

func TestSpan(t *testing.T) {
	const second = 1_000_000
	for us, want := range map[record.Time]string{
		0: "0s", 400_000: "0s", 1 * second: "1s", 59*second + 600_000: "1m00s", 61 * second: "1m01s",
		3599 * second: "59m59s", 3600 * second: "1h00m", 26*3600*second + 60*second: "26h01m",
	} {
		if got := span(us); got != want {
			t.Errorf("span(%d) = %q, want %q", us, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1 << 20: "1.0 MiB", 4 << 30: "4.0 GiB", 1<<63 - 1: "8.0 EiB",
	} {
		if got := size(bytes); got != want {
			t.Errorf("size(%d) = %q, want %q", bytes, got, want)
		}
	}
}

func TestMeasures(t *testing.T) {
	for m, want := range map[record.Measure][2]string{
		record.Unknown: {"-", "-"}, 0: {"0.0 ms", "0 bytes"}, 1540: {"1.5 ms", "1540 bytes"},
	} {
		if got := [2]string{withUnit(millis(m), "ms"), withUnit(measure(m), "bytes")}; got != want {
			t.Errorf("%d: %q, want %q", m, got, want)
		}
	}
}
