package store

import "sojourn/internal/record"

// DayError is why a Write could not store what it has for one day. Its text is
// that of Err, which names the day.
type DayError struct {
	Day record.Day
	Err error
}

func (e *DayError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *DayError) Unwrap() error { return e.Err }

// FailedDays returns the days that err, an error of Write, is about; all others
// are stored. It returns false when err may be about any day.
func FailedDays(err error) ([]record.Day, bool) {
	switch e := err.(type) {
	case *DayError:
		return []record.Day{e.Day}, true
	case interface{ Unwrap() []error }:
		var days []record.Day
		for _, part := range e.Unwrap() {
			more, ok := FailedDays(part)
			if !ok {
				return nil, false
			}
			days = append(days, more...)
		}
		return days, true
	}
	return nil, false
}
