package main

import (
	"time"

	"sojourn/internal/bus"
	"sojourn/internal/record"
	"sojourn/internal/store"
)

// held is what one reading of the bus passes over: the requests of days that do
// not take them. They wait on the bus while those of other days are stored.
//
// A day that is held gets nothing more in the same reading, even should it take
// it: a day that has absorbed a later message of a publisher would skip the
// earlier one for ever.
type held struct {
	days     map[record.Day]bool
	from     uint64 // lowest sequence that is not fully stored; 0 when all are
	requests uint64
	since    time.Time // when the first day was held
}

// hold holds the days that err, from writing batches, is about.
func (h *held) hold(err error, batches []store.Batch) {
	if h.days == nil {
		h.days, h.since = map[record.Day]bool{}, time.Now()
	}
	days, ok := store.FailedDays(err)
	for _, day := range days {
		h.days[day] = true
	}
	if ok {
		return
	}
	for _, b := range batches {
		for i := range b.Requests {
			h.days[b.Requests[i].ID.At.Day()] = true
		}
	}
}

// leaveOut takes the requests of held days out of batches, each of which is what
// the message at its place holds.
func (h *held) leaveOut(messages []bus.Message, batches []store.Batch) {
	if len(h.days) == 0 {
		return
	}
	for i := range batches {
		all := batches[i].Requests
		rest := all[:0]
		for j := range all {
			if !h.days[all[j].ID.At.Day()] {
				rest = append(rest, all[j])
			}
		}
		if left := len(all) - len(rest); left > 0 {
			h.requests += uint64(left)
			if h.from == 0 {
				h.from = messages[i].Seq
			}
		}
		batches[i].Requests = rest
	}
}

// stored returns up to where everything is stored, when all up to last was read.
func (h *held) stored(last uint64) uint64 {
	if h.from > 0 {
		return min(last, h.from-1)
	}
	return last
}
