package importer

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

// writeBlocks is how many blocks are handed to the sink in one call at the most,
// so that it need not commit each for itself.
const writeBlocks = 32

// importFile is the second pass over one file: one goroutine reads blocks,
// several inspect them, this one stores them in the order of the file.
func (m *Importer) importFile(ctx context.Context, i int, in *input) error {
	file := &FileReport{Name: in.name, Format: in.format, Log: logName(in.digest, m.shift)}
	defer func() { m.report.Files = append(m.report.Files, *file) }()
	content, err := in.open(ctx, in.size)
	if err != nil {
		return err
	}
	defer content.Close()

	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	n := workers()
	order, work := make(chan *block, 2*n), make(chan *block, 2*n)
	var readErr error
	running.Go(func() {
		defer close(order)
		defer close(work)
		readErr = readBlocks(ctx, newSource(in.format, content), order, work)
	})
	for range n {
		j := m.newJudge(in)
		running.Go(func() {
			for b := range work {
				j.judge(b)
				close(b.judged)
			}
		})
	}
	if err := m.store(ctx, i, file, order); err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	switch { // readErr is set: order is closed
	case errors.Is(readErr, errChanged):
		return errChanged
	case readErr != io.EOF:
		file.Broken = readErr.Error()
	}
	return nil
}

// readBlocks reads a file to its end; its error is io.EOF when that is a good one.
func readBlocks(ctx context.Context, s source, outs ...chan<- *block) error {
	for {
		b := &block{judged: make(chan struct{})}
		err := fill(s, b)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, errChanged) {
			return err
		}
		if len(b.items) > 0 {
			for _, out := range outs {
				select {
				case out <- b:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		if err != nil {
			return err
		}
	}
}

// store takes blocks in order and hands their requests to the sink.
func (m *Importer) store(ctx context.Context, i int, file *FileReport, order <-chan *block) error {
	var batches []Batch
	flush := func() error {
		if len(batches) > 0 {
			written, err := m.cfg.Sink.Write(ctx, batches)
			m.report.Added += uint64(written.Stored)
			m.report.Already += uint64(written.Skipped)
			if err != nil {
				return err
			}
		}
		batches = batches[:0:0]
		m.cfg.Progress(Progress{File: file.Name, Done: m.before(i) + m.inputs[i].offset(), Total: m.before(len(m.inputs)), Lines: m.report.Lines})
		return nil
	}
	for b := range order {
		select {
		case <-b.judged:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		m.report.add(file, &b.tally)
		for k := range b.requests {
			m.seen.add(b.requests[k].Session, b.requests[k].Started.Day())
			m.report.Rungs[b.requests[k].Rung]++
		}
		if len(b.requests) > 0 {
			batches = append(batches, Batch{Log: file.Log, Seq: b.last, Requests: b.requests})
		}
		if len(batches) == writeBlocks {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// judge turns the items of a block into requests. It is one goroutine's own.
type judge struct {
	inspector      Inspector
	parser         *lineParser
	node           uint32
	shift          int        // days
	oldest, newest record.Day // days that are taken
}

func (m *Importer) newJudge(in *input) *judge {
	digest, _ := hex.DecodeString(in.digest[:8])
	today := record.TimeOf(m.cfg.Now).Day()
	return &judge{
		inspector: m.cfg.Inspector,
		parser:    newLineParser(in.format),
		node:      binary.BigEndian.Uint32(digest) >> (32 - record.NodeBits),
		shift:     m.shift,
		oldest:    record.Day(max(0, int(today)-m.cfg.Retention+1)),
		// Whole days here too: a day that is taken is taken with all its requests,
		// so that importing again later finds nothing missing.
		newest: today + 1,
	}
}

func (j *judge) judge(b *block) {
	b.requests = make([]record.Request, 0, len(b.items))
	for k := range b.items {
		b.tally.lines++
		j.judgeItem(b, &b.items[k])
	}
}

func (j *judge) judgeItem(b *block, it *item) {
	x, reason := it.exchange(b, j.parser)
	if reason != "" {
		b.tally.reject(it.n, reason)
		return
	}
	b.tally.flags(x)
	x.Started = x.Started.AddDate(0, 0, j.shift)
	at := record.TimeOf(x.Started)
	x.ID = record.RequestID{At: at, Node: j.node, Seq: uint32(it.n % (1 << record.SeqBits))}
	if day := at.Day(); day < j.oldest {
		if b.tally.tooOld++; b.tally.tooOld == 1 || day < b.tally.oldest {
			b.tally.oldest = day
		}
		return
	} else if day > j.newest {
		b.tally.future++
		return
	}
	request, keep, err := j.inspect(x)
	switch {
	case err != nil:
		b.tally.reject(it.n, "inspection failed: "+err.Error())
	case !keep:
		b.tally.excluded++
	default:
		if !request.IP.IsValid() {
			b.tally.noAddress++
		}
		b.requests = append(b.requests, request)
	}
}

// inspect is the inspector's Inspect, a panic of which costs that request alone.
func (j *judge) inspect(x *exchange.Exchange) (request record.Request, keep bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("bug: a panic: %v", p)
		}
	}()
	return j.inspector.Inspect(x)
}
