package store

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

func TestFailedDays(t *testing.T) {
	cause := errors.New("permission denied")
	monday, friday := &DayError{1, cause}, &DayError{5, cause}
	for name, c := range map[string]struct {
		err  error
		days []record.Day
		ok   bool
	}{
		"OneDay":        {monday, []record.Day{1}, true},
		"SeveralDays":   {errors.Join(monday, friday), []record.Day{1, 5}, true},
		"WithinAnother": {errors.Join(errors.Join(monday), friday), []record.Day{1, 5}, true},
		"AnotherError":  {cause, nil, false},
		"BesideADay":    {errors.Join(monday, ErrClosed), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			days, ok := FailedDays(c.err)
			if diff := cmp.Diff(c.days, days); diff != "" || ok != c.ok {
				t.Errorf("%v (-want +got):\n%s", ok, diff)
			}
		})
	}
	if !errors.Is(errors.Join(monday), cause) {
		t.Error("the cause is hidden")
	}
}
