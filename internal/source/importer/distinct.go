package importer

import (
	"maps"
	"slices"

	"sojourn/internal/record"
)

// maxParts is how many parts are told apart; beyond it the counts of sessions
// and parts are lower bounds, and say so.
const maxParts = 4 << 20

// distinct counts sessions and their parts.
type distinct struct {
	parts    map[part]struct{}
	sessions map[record.SessionID]struct{}
	days     map[record.Day]struct{}
	full     bool
}

type part struct {
	session record.SessionID
	day     record.Day
}

func newDistinct() distinct {
	return distinct{map[part]struct{}{}, map[record.SessionID]struct{}{}, map[record.Day]struct{}{}, false}
}

func (d *distinct) add(session record.SessionID, day record.Day) {
	p := part{session, day}
	if _, ok := d.parts[p]; ok {
		return
	}
	d.days[day] = struct{}{}
	if len(d.parts) >= maxParts {
		d.full = true
		return
	}
	d.parts[p] = struct{}{}
	d.sessions[session] = struct{}{}
}

func (d *distinct) sortedDays() []record.Day { return slices.Sorted(maps.Keys(d.days)) }
