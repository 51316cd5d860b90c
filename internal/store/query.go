package store

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sojourn/internal/record"
)

// Query counts requests by some of their fields. A request that has several
// values of a field counts once under each, one that has none under the empty
// text; without By there is one row, also when nothing passes the filter. Rows
// that are equal in the order come by the texts of their By, byte by byte, the
// least first; what has nothing to measure comes last.
type Query struct {
	Filter
	By       []string      // what requests are grouped by: names of fields, "context.NAME", ByTime; none for one row
	Step     time.Duration // width of a group of ByTime, whole seconds; groups start at multiples of it since 1970, UTC
	Measures []string      // names of Measures
	Contains string        // only groups whose first value contains it, see ContainsFold
	Order    string        // one of Measures, the most first; "" is the first measure, or the time, oldest first, where it is grouped by
	Limit    int           // 1 to MaxGroups; 0 means DefaultGroups
}

// ByTime groups requests by when they started.
const ByTime = "time"

// Limits of a query.
const (
	MaxBy         = 3
	DefaultGroups = 50
	MaxGroups     = 10_000
	// MaxQueryGroups is how many groups a store holds while it counts; a query
	// with more fails with ErrTooMany.
	MaxQueryGroups = 1_000_000
	// MaxExactDistinct is how many distinct values a query counts exactly in all
	// its groups together; beyond it they are estimated, and the answer says so.
	MaxExactDistinct = 1_000_000
)

// Check tells what is wrong with q; the error names the value.
func (q *Query) Check() error {
	if len(q.By) > MaxBy {
		return fmt.Errorf("by has %d fields: at most %d", len(q.By), MaxBy)
	}
	for i, name := range q.By {
		f, parameter, ok := FieldOf(name)
		switch {
		case slices.Contains(q.By[:i], name):
			return fmt.Errorf("by names %q twice", clip(name))
		case name == ByTime:
			if q.Step < time.Second || q.Step%time.Second != 0 {
				return fmt.Errorf("step is %v: to group by time, give whole seconds such as 60s", q.Step)
			}
		case !ok || !f.Group || f.Kind == KindContext && parameter == "" || !utf8.ValidString(name):
			return fmt.Errorf("by: requests cannot be grouped by %q; known are time, %s", clip(name), groupNames())
		}
	}
	if len(q.Measures) == 0 || len(q.Measures) > len(Measures) {
		return fmt.Errorf("measures has %d names: give 1 to %d", len(q.Measures), len(Measures))
	}
	for _, m := range q.Measures {
		if !IsMeasure(m) {
			return fmt.Errorf("measures: %q is not one; known are %s", clip(m), measureNames())
		}
	}
	switch {
	case q.Order != "" && !slices.Contains(q.Measures, q.Order):
		return fmt.Errorf("order: %q is not one of the query's measures", clip(q.Order))
	case q.Limit < 0 || q.Limit > MaxGroups:
		return fmt.Errorf("limit is %d: give 1 to %d", q.Limit, MaxGroups)
	case q.Contains != "" && len(q.By) == 0:
		return fmt.Errorf("contains needs a field to group by")
	case !utf8.ValidString(q.Contains):
		return fmt.Errorf("contains: %q is not UTF-8", clip(q.Contains))
	}
	return nil
}

// ContainsFold reports whether text contains part, whatever the case.
func ContainsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// GroupLimit returns how many rows the answer has at most.
func (q *Query) GroupLimit() int {
	if q.Limit == 0 {
		return DefaultGroups
	}
	return q.Limit
}

// ByStart returns whether the rows come in the order of time and not of a measure.
func (q *Query) ByStart() bool { return q.Order == "" && slices.Contains(q.By, ByTime) }

// TimeGroup returns the text of the group of ByTime that t belongs to.
func (q *Query) TimeGroup(t record.Time) string {
	step := record.Time(q.Step.Microseconds())
	start := t - t%step
	if t < 0 && t%step != 0 {
		start -= step
	}
	return start.String()
}

func groupNames() string {
	var names []string
	for i := range Fields {
		if f := &Fields[i]; f.Group {
			names = append(names, map[bool]string{true: "context.NAME", false: f.Name}[f.Kind == KindContext])
		}
	}
	return strings.Join(names, ", ")
}

func measureNames() string {
	var names []string
	for _, m := range Measures {
		names = append(names, m.Name)
	}
	return strings.Join(names, ", ")
}
