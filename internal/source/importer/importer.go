// Package importer reads traffic from files: web server access logs (Apache and
// nginx: common, combined, with and without the virtual host) and HAR 1.2, plain
// or compressed, or from standard input. Every line or entry becomes an Exchange
// on the log's own clock and goes through the same inspection as live traffic.
//
// A file is a log of its own: its records have positions that depend only on its
// content, so that a sink which remembers positions can take a file twice, or
// the rest of an interrupted one, and double nothing.
package importer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

// Inspector turns an exchange into the request that is kept. It is called from
// several goroutines. It may keep the strings of x, not x itself, nor its
// headers and bodies: they are used again. False means that the policy leaves
// the request out.
type Inspector interface {
	Inspect(x *exchange.Exchange) (record.Request, bool, error)
}

// Sink stores batches exactly once: what a log held at or below a position that
// was stored before is skipped. Write is called from one goroutine, with rising
// Seq within a Log.
type Sink interface {
	Write(ctx context.Context, batches []Batch) (Written, error)
}

// Batch is what a file held up to a position.
type Batch struct {
	Log      string // names the file by its content, and the days it was shifted by
	Seq      uint64 // number of the last line or entry that the batch covers
	Requests []record.Request
}

// Written counts what a Sink did with the requests of a call.
type Written struct {
	Stored  int
	Skipped int // were stored before
}

// Config says what to read and where it goes. Inspector, Sink, Now and
// Retention are required.
type Config struct {
	Inspector Inspector
	Sink      Sink
	Format    Format    // Auto: found for each file by its first lines
	Now       time.Time // what today, the retention and the future are measured from
	Retention int       // UTC days taken, today included
	// Retime returns the whole days to add to every time, given a digest of all
	// files and the newest time in them; nil leaves the times as they are.
	Retime   func(digest string, newest record.Time) (days int, err error)
	Stdin    io.Reader      // what the name "-" reads
	Spool    string         // folder for what cannot be read twice, such as standard input
	Progress func(Progress) // called now and then, from one goroutine at a time; may be nil
}

// Progress is how far an import is, in bytes as they lie on disk.
type Progress struct {
	Checking bool // the first pass: digests and, for a shift, the newest time
	File     string
	Done     int64
	Total    int64
	Lines    uint64
}

// Importer imports a list of files once: New, Open, Run, Close.
type Importer struct {
	cfg    Config
	inputs []*input
	shift  int // days
	report Report
	seen   distinct
	began  time.Time
}

// New prepares an import.
func New(cfg Config) *Importer {
	if cfg.Progress == nil {
		cfg.Progress = func(Progress) {}
	}
	return &Importer{cfg: cfg, report: Report{Rungs: map[record.Rung]uint64{}}, seen: newDistinct()}
}

// Open opens all files and reads each once, for its digest, its format and, when
// times are to be shifted, its newest time. Nothing is stored yet.
func (m *Importer) Open(ctx context.Context, names []string) error {
	m.began = time.Now()
	for _, name := range names {
		in, err := openInput(ctx, name, m.cfg.Stdin, m.cfg.Spool)
		if err != nil {
			return err
		}
		m.inputs = append(m.inputs, in)
	}
	var newest record.Time
	for i, in := range m.inputs {
		last, err := m.check(ctx, i, in)
		if err != nil {
			return fmt.Errorf("%s: %w", in.name, err)
		}
		newest = max(newest, last)
	}
	if m.cfg.Retime == nil || newest == 0 {
		return nil
	}
	var err error
	m.shift, err = m.cfg.Retime(m.digest(), newest)
	return err
}

// Run reads all files again and stores what they hold. The report tells what was
// done, also when the error says that it ended early; running the same import
// again then completes it.
func (m *Importer) Run(ctx context.Context) (Report, error) {
	var failed error
	for i, in := range m.inputs {
		if failed = m.importFile(ctx, i, in); failed != nil {
			failed = fmt.Errorf("%s: %w", in.name, failed)
			break
		}
	}
	m.report.finish(&m.seen, m.shift, time.Since(m.began))
	return m.report, failed
}

// Close closes the files and removes what was spooled. It may be called twice.
func (m *Importer) Close() error {
	var errs []error
	for _, in := range m.inputs {
		errs = append(errs, in.close())
	}
	m.inputs = nil
	return errors.Join(errs...)
}

// DaysTo returns the whole days that bring newest as close to now as they can
// without passing it: to today or yesterday.
func DaysTo(now time.Time, newest record.Time) int {
	const day = int64(24 * time.Hour / time.Microsecond)
	left := now.UnixMicro() - int64(newest)
	days := left / day
	if left%day < 0 {
		days--
	}
	return int(days)
}

// check is the first pass over one file.
func (m *Importer) check(ctx context.Context, i int, in *input) (newest record.Time, err error) {
	content, err := in.open(ctx, -1)
	if err != nil {
		return 0, err
	}
	defer content.Close()
	digest := sha256.New()
	text := io.TeeReader(content, digest)
	head, rest, err := peek(text, detectBytes)
	if err != nil && len(head) == 0 {
		return 0, err
	}
	if in.format = m.cfg.Format; in.format == Auto {
		in.format = detect(head)
	}
	tell := func(n uint64) {
		m.cfg.Progress(Progress{Checking: true, File: in.name, Done: m.before(i) + in.offset(), Total: m.before(len(m.inputs)), Lines: n})
	}
	// A file that breaks off counts up to there: Run meets the error again and
	// reports it.
	if m.cfg.Retime != nil {
		newest, _ = findNewest(newSource(in.format, rest), in.format, tell)
	}
	_ = drain(rest, tell)
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	in.size = content.n
	in.digest = hex.EncodeToString(digest.Sum(nil))
	return newest, nil
}

// digest names all files together, in any order.
func (m *Importer) digest() string {
	var all []string
	for _, in := range m.inputs {
		all = append(all, in.digest)
	}
	slices.Sort(all)
	sum := sha256.New()
	for _, d := range all {
		io.WriteString(sum, d)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// before is the size of the first i files.
func (m *Importer) before(i int) (n int64) {
	for _, in := range m.inputs[:i] {
		n += in.diskSize
	}
	return n
}

// logName names a file's content, shifted by days.
func logName(digest string, days int) string {
	if days == 0 {
		return "import:" + digest
	}
	return fmt.Sprintf("import:%s%+dd", digest, days)
}

func workers() int { return runtime.GOMAXPROCS(0) }
