package importer

import (
	"fmt"
	"io"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

const (
	// blockRecords and blockBytes cut a file into blocks: so many lines or
	// entries, or so many bytes of them, whichever comes first. Both depend on
	// the content alone, so a file is cut the same each time. They are part of
	// what makes an import exact: a data folder that holds half a file must be
	// completed with the same ones.
	blockRecords = 1000
	blockBytes   = 1 << 20
)

// block is a stretch of a file: what one worker takes at a time, and what is
// stored as one batch.
type block struct {
	items []item
	text  []byte // the lines that items point into
	last  uint64 // number of the last line or entry

	judged   chan struct{} // closed when what follows is set
	requests []record.Request
	tally    tally
}

// item is one line or entry, not yet inspected.
type item struct {
	n          uint64 // number of the line, blank ones included, or of the entry
	start, end int    // of a line, in the block's text
	x          *exchange.Exchange
	reason     string // why it is rejected; empty when it is not
}

// source reads a file record by record.
type source interface {
	// fill adds records to b until it is full. After an error there is no more;
	// io.EOF is the good end. The block is valid with an error, too.
	fill(b *block) error
}

func newSource(f Format, r io.Reader) source {
	if f == HAR {
		return &harSource{newHARReader(r)}
	}
	return &lineSource{newLineReader(r)}
}

// fill is s.fill, a panic of which ends the file and nothing else.
func fill(s source, b *block) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("bug: reading panicked: %v", cause)
		}
	}()
	return s.fill(b)
}

type lineSource struct{ lines *lineReader }

func (s *lineSource) fill(b *block) error {
	for len(b.items) < blockRecords && len(b.text) < blockBytes {
		line, long, err := s.lines.next()
		if len(line) > 0 {
			it := item{n: s.lines.n, start: len(b.text)}
			switch {
			case long:
				it.reason = reasonLong
			case err != nil && err != io.EOF:
				it.reason = reasonCut
			default:
				b.text = append(b.text, line...)
			}
			it.end = len(b.text)
			b.items = append(b.items, it)
		}
		b.last = s.lines.n
		if err != nil {
			return err
		}
	}
	return nil
}

type harSource struct{ entries *harReader }

func (s *harSource) fill(b *block) error {
	bytes := 0
	for len(b.items) < blockRecords && bytes < blockBytes {
		x, reason, err := s.entries.next()
		if err != nil {
			return err
		}
		b.last = s.entries.n
		b.items = append(b.items, item{n: b.last, x: x, reason: reason})
		bytes += s.entries.size
	}
	return nil
}

// findNewest reads a source for the newest time in it.
func findNewest(s source, f Format, tell func(lines uint64)) (newest record.Time, err error) {
	parser := newLineParser(f)
	lines := uint64(0)
	for err == nil {
		var b block
		err = fill(s, &b)
		for _, it := range b.items {
			if x, _ := it.exchange(&b, parser); x != nil {
				newest = max(newest, record.TimeOf(x.Started))
			}
		}
		lines += uint64(len(b.items))
		tell(lines)
	}
	if err == io.EOF {
		err = nil
	}
	return newest, err
}

// exchange returns what the item holds; with a reason, the item is rejected.
func (it *item) exchange(b *block, p *lineParser) (x *exchange.Exchange, reason string) {
	if it.x != nil || it.reason != "" {
		return it.x, it.reason
	}
	defer rejectPanic(&x, &reason)
	return p.exchange(b.text[it.start:it.end])
}

// rejectPanic is deferred by parsers: a panic costs the line or entry alone.
func rejectPanic(x **exchange.Exchange, reason *string) {
	if cause := recover(); cause != nil {
		*x, *reason = nil, fmt.Sprintf("bug: the parser panicked: %v", cause)
	}
}
