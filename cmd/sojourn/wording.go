package main

import (
	"fmt"
	"strconv"
	"time"

	"sojourn/internal/record"
)

// span prints a duration in microseconds in its two largest units.
func span(us record.Time) string {
	d := (time.Duration(us) * time.Microsecond).Round(time.Second)
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%ds", int(d.Seconds()))
}

// topOf prints the first of several values, and how many more there are.
func topOf(values []record.Count, distinct int64) string {
	if len(values) == 0 {
		return ""
	}
	if distinct > 1 {
		return fmt.Sprintf("%s +%d", named(values[0].Value), distinct-1)
	}
	return named(values[0].Value)
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

// named stands in for a value that the source did not tell.
func named(value string) string {
	if value == "" {
		return "(unknown)"
	}
	return value
}

func address(known bool, text string) string {
	if !known {
		return named("")
	}
	return text
}

func alarm(n int64, t tint) tint {
	if n == 0 {
		return dim
	}
	return t
}

func strengthTint(s record.Strength) tint {
	if s == record.StrengthClaimed {
		return amber
	}
	return noTint
}

// unmeasured stands for a measure that the source did not tell.
const unmeasured = "-"

func measure(m record.Measure) string {
	if m == record.Unknown {
		return unmeasured
	}
	return count(int64(m))
}

// millis prints microseconds as milliseconds.
func millis(us record.Measure) string {
	if us == record.Unknown {
		return unmeasured
	}
	return strconv.FormatFloat(float64(us)/1000, 'f', 1, 64)
}

func withUnit(text, unit string) string {
	if text == unmeasured {
		return text
	}
	return text + " " + unit
}

func statusTint(status int) tint {
	switch {
	case status >= 500 || status == 0:
		return red
	case status >= 400:
		return amber
	}
	return noTint
}

// size prints bytes in the unit that keeps it short.
func size(bytes int64) string {
	const units = "KMGTPE"
	if bytes < 1024 {
		return fmt.Sprintf("%d B", bytes)
	}
	value, unit := float64(bytes), -1
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, units[unit])
}
