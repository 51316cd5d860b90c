package record

import (
	"fmt"
	"time"
)

// Time is an instant in microseconds since 1970-01-01T00:00:00Z. It prints as
// RFC 3339 in UTC with six decimals, so text sorts like time.
type Time int64

const timeLayout = "2006-01-02T15:04:05.000000Z"

// TimeOf cuts t to whole microseconds.
func TimeOf(t time.Time) Time { return Time(t.UnixMicro()) }

// Std returns t as a time.Time in UTC.
func (t Time) Std() time.Time { return time.UnixMicro(int64(t)).UTC() }

// Day returns the UTC day that t lies in.
func (t Time) Day() Day {
	d := int64(t) / microsPerDay
	if int64(t)%microsPerDay < 0 {
		d--
	}
	return Day(d)
}

func (t Time) String() string { return t.Std().Format(timeLayout) }

// MarshalText prints t as RFC 3339 UTC.
func (t Time) MarshalText() ([]byte, error) { return t.Std().AppendFormat(nil, timeLayout), nil }

// UnmarshalText reads any RFC 3339 time.
func (t *Time) UnmarshalText(b []byte) error {
	s, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return fmt.Errorf("%q is not an RFC 3339 time such as 2026-11-21T14:05:00Z", b)
	}
	*t = TimeOf(s)
	return nil
}

// Day is a UTC day, counted from 1970-01-01. It prints as 2026-11-21.
type Day int32

const (
	microsPerDay = 24 * 60 * 60 * 1_000_000
	dayLayout    = "2006-01-02"
)

// Start returns the first instant of d; d.Start() to (d+1).Start() is the day.
func (d Day) Start() Time { return Time(int64(d) * microsPerDay) }

func (d Day) String() string { return d.Start().Std().Format(dayLayout) }

// ParseDay reads a day such as 2026-11-21.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(dayLayout, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a day such as 2026-11-21", s)
	}
	return TimeOf(t).Day(), nil
}

// MarshalText prints d as 2026-11-21.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText prints.
func (d *Day) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDay(string(b))
	return err
}
