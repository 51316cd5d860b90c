// Package duckdb is the store of one machine: a DuckDB file for each UTC day. It
// is the only room that links DuckDB.
//
// A day is an object (day.go): its file is opened when it is asked for, in a
// DuckDB instance of its own, closed when others are wanted more, and dropped as a
// whole. Rows are written as vectors of codes (chunk.go, dict.go, write.go), each
// day in one transaction with the position that it absorbed. A question is asked
// of each day on its own, newest first, until the page is full. Sealing rewrites
// a day sorted (seal.go). A file whose content is bad is set aside and does not
// keep the other days from serving (aside.go).
package duckdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Config says where and with how much the store works.
type Config struct {
	Dir         string           // folder of the day files; made if need be
	MemoryLimit string           // for all open days together, such as "1GB"; "" means DefaultMemoryLimit
	Threads     int              // of a query; 0 means DefaultThreads
	Now         func() time.Time // names the files that are set aside; nil means time.Now

	// Room tells why a copy of so many bytes may not be made, such as a
	// store.NoRoomError. It is asked before a backup copies a day and an erasure
	// rewrites one; nil means that every copy may.
	Room func(bytes int64) error

	Logger *slog.Logger // nil means slog.Default()
}

const (
	// DefaultMemoryLimit and DefaultThreads are what an empty Config means.
	DefaultMemoryLimit = "1GB"
	DefaultThreads     = 2

	// maxOpenDays is how many files are open at once, beside those in use. A store
	// may hold thousands of days; the one used longest ago is closed first.
	maxOpenDays = 8

	// minDayMemory is what a day gets at least; sorting and grouping more than
	// fits spills to the temporary folder.
	minDayMemory = 64 << 20

	daySuffix   = ".duckdb"
	walSuffix   = ".wal"
	freshSuffix = ".new"
	sealSuffix  = ".sealing"
	tempFolder  = ".tmp"
)

// Store keeps requests in one DuckDB file a day.
type Store struct {
	cfg    Config
	limits limits
	memory int64 // for all open days, bytes
	log    *slog.Logger

	life   sync.RWMutex // read by every call, written by Close
	closed bool

	settles sync.WaitGroup // see settleLater; added to under life

	mu    sync.Mutex // guards days and aside
	days  map[record.Day]*day
	aside []record.SetAside

	clock atomic.Int64 // counts uses, to find the day used longest ago

	sealing   sync.Mutex  // one day is sealed at a time; taken before the locks of days
	isSealing atomic.Bool // sealing is held
}

var _ store.Store = (*Store)(nil)

// Open opens the store and its newest days. What a crash left half done is
// removed; a day file with bad content is set aside. It fails when a file cannot
// be used for another reason, such as another process that has it open.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	return open(ctx, cfg, defaultLimits())
}

// limits are named constants everywhere but in tests, which make them small.
type limits struct {
	openDays        int
	dictEntries     int
	dictBytes       int
	hasSessions     int
	checkpointBytes int64
	calmBytes       int64
	unsummedRows    int64
	groups          int // of a query
	distinct        int // values that a query counts exactly
}

func defaultLimits() limits {
	return limits{
		openDays: maxOpenDays, dictEntries: maxDictEntries, dictBytes: maxDictBytes, hasSessions: maxHasSessions,
		checkpointBytes: checkpointBytes, calmBytes: calmBytes, unsummedRows: unsummedRows,
		groups: store.MaxQueryGroups, distinct: store.MaxExactDistinct,
	}
}

func open(ctx context.Context, cfg Config, limits limits) (*Store, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Room == nil {
		cfg.Room = func(int64) error { return nil }
	}
	cfg.Threads = cmp.Or(cfg.Threads, DefaultThreads)
	memory, err := parseBytes(cmp.Or(cfg.MemoryLimit, DefaultMemoryLimit))
	if err != nil {
		return nil, fmt.Errorf("the store's memory limit: %w", err)
	}
	s := &Store{cfg: cfg, limits: limits, memory: memory, log: cmp.Or(cfg.Logger, slog.Default()), days: map[record.Day]*day{}}
	if err := os.MkdirAll(s.temp(), 0o700); err != nil {
		return nil, fmt.Errorf("the store's folder: %w", err)
	}
	if err := s.readFolder(); err != nil {
		return nil, err
	}
	for i, d := range s.newestFirst() {
		if i == s.limits.openDays {
			break
		}
		if err := s.touch(ctx, d); err != nil && !errors.Is(err, errGone) {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// readFolder finds the days and what was set aside, and removes leftovers.
func (s *Store) readFolder() error {
	files, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return fmt.Errorf("the store's folder: %w", err)
	}
	for _, f := range files {
		name := f.Name()
		path := filepath.Join(s.cfg.Dir, name)
		date, err := record.ParseDay(strings.TrimSuffix(name, daySuffix))
		unfinished, _, _ := strings.Cut(name, walSuffix)
		switch {
		case strings.HasSuffix(name, daySuffix) && err == nil && f.Type().IsRegular():
			s.days[date] = newDay(date, path)
		case strings.HasSuffix(unfinished, daySuffix+freshSuffix), strings.HasSuffix(unfinished, daySuffix+sealSuffix):
			if err := os.Remove(path); err != nil {
				return fmt.Errorf("removing what a crash left: %w", err)
			}
		case isAside(name):
			s.aside = append(s.aside, readAside(path))
		}
	}
	left, err := os.ReadDir(s.temp())
	for _, f := range left {
		err = errors.Join(err, os.RemoveAll(filepath.Join(s.temp(), f.Name())))
	}
	return err
}

func (s *Store) temp() string { return filepath.Join(s.cfg.Dir, tempFolder) }

// dayMemory is the share of one open day.
func (s *Store) dayMemory() int64 { return max(s.memory/maxOpenDays, minDayMemory) }

// memoryOf is the share of d: one that is written to, mostly today's alone, has
// its newest rows in memory and sums them up.
func (s *Store) memoryOf(d *day) int64 {
	if d.written.Load() {
		return max(s.memory/4, minDayMemory)
	}
	return s.dayMemory()
}

// sealMemory is the share of the day that is being sealed: sorting takes more
// memory than a day's share; it spills, but less is better. Meanwhile the other
// days have the rest, see openDays.
func (s *Store) sealMemory() int64 { return max(s.memory/2, minDayMemory) }

// openDays is how many days may be open now, beside those in use.
func (s *Store) openDays() int {
	if s.isSealing.Load() {
		return max(1, s.limits.openDays/2)
	}
	return s.limits.openDays
}

// Close waits for running calls and closes every file. It may be called again.
func (s *Store) Close() error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.settles.Wait()
	var errs []error
	for _, d := range s.newestFirst() {
		d.writing.Lock()
		d.gate.Lock()
		errs = append(errs, d.close())
		d.gate.Unlock()
		d.writing.Unlock()
	}
	return errors.Join(errs...)
}

// enter begins a call; leave ends it.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.life.RLock()
	if s.closed {
		s.life.RUnlock()
		return store.ErrClosed
	}
	return nil
}

func (s *Store) leave() { s.life.RUnlock() }

// newestFirst returns the days there are, newest first.
func (s *Store) newestFirst() []*day {
	s.mu.Lock()
	defer s.mu.Unlock()
	days := make([]*day, 0, len(s.days))
	for _, d := range s.days {
		days = append(days, d)
	}
	slices.SortFunc(days, func(a, b *day) int { return cmp.Compare(b.date, a.date) })
	return days
}

// dayOf returns the day, or nil when there is none and create is false.
func (s *Store) dayOf(date record.Day, create bool) *day {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.days[date]
	if d == nil && create {
		d = newDay(date, filepath.Join(s.cfg.Dir, date.String()+daySuffix))
		s.days[date] = d
	}
	return d
}

// forget takes d out of the list, unless it is another day of that date by now.
func (s *Store) forget(d *day) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.days[d.date] == d {
		delete(s.days, d.date)
	}
}

// Status implements store.Store.
func (s *Store) Status(ctx context.Context) ([]record.DayStatus, []record.SetAside, error) {
	if err := s.enter(ctx); err != nil {
		return nil, nil, err
	}
	defer s.leave()
	days := []record.DayStatus{}
	for _, d := range s.newestFirst() {
		status, err := s.dayStatus(ctx, d)
		switch {
		case errors.Is(err, errGone):
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case err != nil:
			days = append(days, record.DayStatus{Day: d.date, Bytes: d.size(), Error: firstLine(err.Error())})
		default:
			days = append(days, status)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return days, append([]record.SetAside{}, s.aside...), nil
}

func (s *Store) dayStatus(ctx context.Context, d *day) (record.DayStatus, error) {
	if !d.known.Load() { // never opened since the start
		if err := s.touch(ctx, d); err != nil {
			return record.DayStatus{}, err
		}
	}
	return record.DayStatus{Day: d.date, Requests: d.requests.Load(), Bytes: d.size(), Sealed: d.sealed.Load()}, nil
}

// parseBytes reads a size such as 512MB, 1GiB or 1.5GB.
func parseBytes(s string) (int64, error) {
	var n float64
	var unit string
	if _, err := fmt.Sscanf(s, "%g%s", &n, &unit); err != nil || n <= 0 {
		return 0, fmt.Errorf("%q is not a size such as 1GB", s)
	}
	scale, ok := map[string]float64{
		"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
	}[unit]
	if !ok {
		return 0, fmt.Errorf("%q is not a size such as 1GB", s)
	}
	return int64(n * scale), nil
}
