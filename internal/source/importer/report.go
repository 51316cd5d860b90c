package importer

import (
	"time"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

// maxRejects is how many rejected lines a report shows; all are counted.
const maxRejects = 10

// Report tells what an import did. Lines = Requests + Rejected, where blank lines
// are none; Requests = Added + Already + TooOld + Future + Excluded once it is
// complete.
type Report struct {
	Lines    uint64  `json:"lines"`
	Requests uint64  `json:"requests"` // recognised, whether or not they were stored before
	Rejected uint64  `json:"rejected"`
	Sessions uint64  `json:"sessions"` // distinct in this import
	Parts    uint64  `json:"parts"`
	Seconds  float64 `json:"seconds"`

	Added        uint64                 `json:"added"`
	Already      uint64                 `json:"already"` // were stored before
	TooOld       uint64                 `json:"too_old"`
	Future       uint64                 `json:"future"`
	Excluded     uint64                 `json:"excluded"`
	Unterminated uint64                 `json:"unterminated"`
	Malformed    uint64                 `json:"malformed"`
	NoAddress    uint64                 `json:"no_address"`         // stored or stored before, with an unknown client
	AtLeast      bool                   `json:"at_least,omitempty"` // Sessions and Parts are lower bounds
	ShiftDays    int                    `json:"shift_days,omitempty"`
	Rungs        map[record.Rung]uint64 `json:"rungs"`
	Files        []FileReport           `json:"files"`
	Rejects      []Reject               `json:"rejects,omitempty"` // the first ones

	// Oldest is the day of the oldest request that was refused as too old.
	Oldest record.Day `json:"-"`
	// Days are those that requests of this import lie in, oldest first.
	Days []record.Day `json:"-"`
}

// FileReport is one file's share.
type FileReport struct {
	Name     string `json:"name"`
	Format   Format `json:"format"`
	Log      string `json:"log"` // what the store knows it by
	Lines    uint64 `json:"lines"`
	Requests uint64 `json:"requests"`
	Rejected uint64 `json:"rejected"`
	Broken   string `json:"broken,omitempty"` // why the file ended early; what came before counts
}

// Reject is a line or entry that was not recognised.
type Reject struct {
	File   string `json:"file"`
	Line   uint64 `json:"line"`
	Reason string `json:"reason"`
}

// tally counts what became of the items of a block.
type tally struct {
	lines, rejected, tooOld, future, excluded uint64
	unterminated, malformed, noAddress        uint64
	oldest                                    record.Day // of those too old
	rejects                                   []Reject   // without their file
}

func (t *tally) reject(line uint64, reason string) {
	t.rejected++
	if len(t.rejects) < maxRejects {
		t.rejects = append(t.rejects, Reject{Line: line, Reason: reason})
	}
}

func (t *tally) flags(x *exchange.Exchange) {
	for _, f := range x.Flags {
		switch f {
		case record.FlagUnterminated:
			t.unterminated++
		case record.FlagMalformed:
			t.malformed++
		}
	}
}

// add adds a block's counts.
func (r *Report) add(file *FileReport, t *tally) {
	recognised := t.lines - t.rejected
	file.Lines, r.Lines = file.Lines+t.lines, r.Lines+t.lines
	file.Requests, r.Requests = file.Requests+recognised, r.Requests+recognised
	file.Rejected, r.Rejected = file.Rejected+t.rejected, r.Rejected+t.rejected
	if t.tooOld > 0 && (r.TooOld == 0 || t.oldest < r.Oldest) {
		r.Oldest = t.oldest
	}
	r.TooOld += t.tooOld
	r.Future += t.future
	r.Excluded += t.excluded
	r.Unterminated += t.unterminated
	r.Malformed += t.malformed
	r.NoAddress += t.noAddress
	for _, reject := range t.rejects[:min(len(t.rejects), maxRejects-len(r.Rejects))] {
		reject.File = file.Name
		r.Rejects = append(r.Rejects, reject)
	}
}

func (r *Report) finish(seen *distinct, shift int, took time.Duration) {
	r.Sessions, r.Parts = uint64(len(seen.sessions)), uint64(len(seen.parts))
	r.AtLeast = seen.full
	r.Days = seen.sortedDays()
	r.ShiftDays = shift
	r.Seconds = took.Seconds()
}
