package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"sojourn/internal/generate"
	"sojourn/internal/record"
	"sojourn/internal/store"
	"sojourn/internal/store/clickhouse"
	"sojourn/internal/store/duckdb"
)

// generateCmd fills a data folder with made-up traffic, or sends such traffic to a
// running server.
type generateCmd struct {
	commonFlags
	Requests    int64         `help:"Requests in all. Default: ${default}." default:"1000000" placeholder:"N"`
	Days        int           `help:"UTC days that they are spread over. Default: ${default}." default:"7" placeholder:"D"`
	Until       string        `help:"The last of the days, such as 2026-11-21; of today, up to now. Default: today." placeholder:"DAY"`
	Seed        uint64        `help:"The same seed, the same people and requests. Default: ${default}." default:"1" placeholder:"S"`
	Append      bool          `help:"Add to a folder that has days already."`
	Rate        float64       `help:"Instead: send this many requests a second to the server that runs on the folder, until interrupted." placeholder:"N"`
	For         time.Duration `help:"With --rate: end after this long, such as 60s." placeholder:"TIME"`
	Store       string        `help:"Write to a ClickHouse server instead of the folder, such as clickhouse://user:password@host:9000/database." placeholder:"URL"`
	MemoryLimit string        `help:"Memory of the store's database engine. Default: ${default}." default:"1GB" placeholder:"SIZE"`
	JSON        bool          `name:"json" help:"Print the report as JSON."`
}

// Help is shown by --help after the description.
func (generateCmd) Help() string {
	return `For those who want to know how large a machine must be: skewed as real traffic is,
with many short sessions and a few of 100,000 requests, a daily rhythm, errors,
attacks, context parameters, GraphQL and MCP. No requests are sent anywhere.
Running it again with the same flags completes what was interrupted, and adds
nothing to what is complete.

Examples:
  sojourn generate --data /tmp/week --requests 70000000
      a week of 10 million requests a day; then: sojourn serve --data /tmp/week
  sojourn generate --data /tmp/week --rate 2000 --for 5m
      2,000 a second to the server that runs on that folder`
}

const (
	maxGenerateDays = 366
	maxGenerateRate = 1_000_000
	// generateBytes is what a stored request takes at most, before its day is
	// compacted, and generateSpare what must stay free beside.
	generateBytes = 90
	generateSpare = 1 << 30

	generatedFile = "generated.json"
	forGenerate   = "generate"
)

// generated remembers what a folder was filled with.
type generated struct {
	Requests int64       `json:"requests"`
	Days     int         `json:"days"`
	Until    record.Day  `json:"until"`
	Seed     uint64      `json:"seed"`
	To       record.Time `json:"to"` // when the last day ends here
	Done     bool        `json:"done"`
}

// generateReport is what was made.
type generateReport struct {
	Requests       int64        `json:"requests"`
	Added          uint64       `json:"added"`
	Already        uint64       `json:"already"`
	Days           []record.Day `json:"days"`
	Bytes          int64        `json:"bytes"`
	Seconds        float64      `json:"seconds"`
	WriteSeconds   float64      `json:"write_seconds"` // in which the store wrote
	SealSeconds    float64      `json:"seal_seconds"`  // in which it compacted, beside
	RequestsSecond float64      `json:"requests_per_second"`
}

// Run fills the folder; or sends to its server.
func (c *generateCmd) Run(a *app) error {
	if c.Rate != 0 || c.For != 0 {
		return c.live(a)
	}
	if c.Requests < 1 || c.Days < 1 || c.Days > maxGenerateDays {
		return fmt.Errorf("--requests %d --days %d: give 1 or more requests, and 1 to %d days", c.Requests, c.Days, maxGenerateDays)
	}
	data, err := openData(c.Data)
	if err != nil {
		return err
	}
	unlock, err := data.lockFor("hub", forGenerate)
	if err != nil {
		return err
	}
	defer unlock()
	what, err := c.what(data, time.Now())
	if err != nil {
		return err
	}
	cfg := what.config()
	if c.Store == "" {
		err = enoughDisk(data, what)
	}
	if err != nil {
		return err
	}
	if err := data.keepFor(record.TimeOf(time.Now()).Day(), cfg.From.Day()); err != nil {
		return err
	}
	if err := data.writeJSON(generatedFile, what); err != nil {
		return err
	}
	days, err := c.open(a, data)
	if err != nil {
		return err
	}
	report, err := c.fill(a, days, cfg)
	if err = errors.Join(err, days.Close()); err != nil {
		if a.ctx.Err() != nil {
			return fmt.Errorf("interrupted after %s: the same command with --until %s adds the rest", quantity(report.Added+report.Already, "request"), what.Until)
		}
		return err
	}
	what.Done = true
	if err := data.writeJSON(generatedFile, what); err != nil {
		return err
	}
	report.Bytes = filesSize(data.daysDir())
	return c.tell(a, report)
}

// open opens the store that is filled.
func (c *generateCmd) open(a *app, data *dataFolder) (store.Store, error) {
	if c.Store != "" {
		return clickhouse.Open(a.ctx, clickhouse.Config{URL: c.Store, Logger: c.logger(a)})
	}
	return duckdb.Open(a.ctx, duckdb.Config{Dir: data.daysDir(), MemoryLimit: c.MemoryLimit, Logger: c.logger(a)})
}

// what decides what is made: what the flags say, as far as the folder takes it.
func (c *generateCmd) what(data *dataFolder, now time.Time) (generated, error) {
	today := record.TimeOf(now).Day()
	w := generated{Requests: c.Requests, Days: c.Days, Until: today, Seed: c.Seed}
	if c.Until != "" {
		day, err := record.ParseDay(c.Until)
		if err != nil {
			return w, fmt.Errorf("--until: %w", err)
		}
		if day > today {
			return w, fmt.Errorf("--until %s is in the future: today is %s", day, today)
		}
		w.Until = day
	}
	w.To = min((w.Until + 1).Start(), record.TimeOf(now.Truncate(time.Minute)))
	var before generated
	begun := data.readJSON(generatedFile, &before)
	if same := before; begun {
		same.To, same.Done = w.To, false
		if same == w {
			w.To = before.To
			return w, nil
		}
	}
	if files, _ := filepath.Glob(filepath.Join(data.daysDir(), "*")); len(files) > 0 && !c.Append && c.Store == "" {
		hint := ""
		if begun && !before.Done {
			hint = fmt.Sprintf(" (--requests %d --days %d --until %s --seed %d, which filled it, was interrupted: to complete that, give the same)",
				before.Requests, before.Days, before.Until, before.Seed)
		}
		return w, fmt.Errorf("data folder %s has days already%s: choose an empty one with --data, or --append to add to them", data.dir, hint)
	}
	return w, nil
}

func (w *generated) config() generate.Config {
	return generate.Config{Requests: w.Requests, From: (w.Until - record.Day(w.Days) + 1).Start(), To: w.To, Seed: w.Seed}
}

// enoughDisk makes sure that there is room for everything at its largest: one day
// is there twice while it is compacted.
func enoughDisk(data *dataFolder, w generated) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(data.dir, &fs); err != nil {
		return fmt.Errorf("the data folder's disk: %w", err)
	}
	need := (w.Requests+2*w.Requests/int64(w.Days))*generateBytes + generateSpare
	have := int64(fs.Bavail)*int64(fs.Bsize) + filesSize(data.daysDir())
	if need > have {
		return fmt.Errorf("%s take up to %s, the disk of %s has %s: choose another with --data, or fewer with --requests",
			quantity(uint64(w.Requests), "request"), size(need), data.dir, size(have))
	}
	return nil
}

// keepFor remembers a retention under which a server keeps what is there from a
// day on.
func (d *dataFolder) keepFor(today, from record.Day) error {
	before, ok := d.retention()
	if !ok {
		before.Days = defaultRetentionDays
	}
	if need := int(today-from) + 1; need > before.Days {
		before.Days = need
		return d.setRetention(before)
	}
	return nil
}

func filesSize(dir string) (sum int64) {
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		if info, err := os.Lstat(f); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
	}
	return sum
}

// fill writes everything, and compacts each day that is over while the next is
// being written. Today is left as a server that runs leaves it.
func (c *generateCmd) fill(a *app, days store.Store, cfg generate.Config) (generateReport, error) {
	began := time.Now()
	report := generateReport{Requests: cfg.Requests}
	seal := &sealer{ctx: a.ctx, store: days, today: record.TimeOf(began).Day(), next: cfg.From.Day()}
	bar := newProgressBar(a.stderr)
	err := generate.Run(a.ctx, cfg, func(ctx context.Context, b generate.Batch) error {
		first, last := b.Requests[0].Started.Day(), b.Requests[len(b.Requests)-1].Started.Day()
		for day := first; day <= last; day++ {
			if !slices.Contains(report.Days, day) {
				report.Days = append(report.Days, day)
			}
		}
		seal.before(first)
		writing := time.Now()
		written, err := days.Write(ctx, []store.Batch{store.BatchOf(store.Position{Log: b.Log, Seq: b.Seq}, b.Requests)})
		report.WriteSeconds += time.Since(writing).Seconds()
		report.Added += uint64(written.Stored)
		report.Already += uint64(written.Skipped)
		bar.draw(func(took time.Duration) string { return generateLine(report, took) })
		return errors.Join(err, seal.failed())
	})
	seal.before(report.last() + 1)
	err = errors.Join(err, seal.wait())
	bar.clear()
	report.Seconds, report.SealSeconds = time.Since(began).Seconds(), seal.took.Seconds()
	report.RequestsSecond = float64(report.Added) / report.Seconds
	return report, err
}

func (r *generateReport) last() record.Day {
	if len(r.Days) == 0 {
		return 0
	}
	return r.Days[len(r.Days)-1]
}

func generateLine(r generateReport, took time.Duration) string {
	done := int64(r.Added + r.Already)
	line := fmt.Sprintf("writing %s %3.0f%%  %s", r.last(), 100*float64(done)/float64(r.Requests), quantity(uint64(done), "request"))
	if done > 0 && took > 0 {
		rate := float64(done) / took.Seconds()
		left := time.Duration(float64(r.Requests-done) / rate * float64(time.Second))
		line += fmt.Sprintf("  %s/s  %s left", thousands(uint64(rate)), left.Round(time.Second))
	}
	return line
}

// sealer compacts days beside the writing, one after the other.
type sealer struct {
	ctx   context.Context
	store store.Store
	today record.Day

	group sync.WaitGroup
	next  record.Day
	mu    sync.Mutex // guards what follows; held while a day is compacted
	took  time.Duration
	err   error
}

// before compacts the days before one that were not yet, but never today.
func (s *sealer) before(day record.Day) {
	for ; s.next < min(day, s.today); s.next++ {
		day := s.next
		s.group.Go(func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.err != nil {
				return
			}
			began := time.Now()
			s.err = s.store.Seal(s.ctx, day)
			s.took += time.Since(began)
		})
	}
}

// failed returns the error of a day that could not be compacted, as far as known.
func (s *sealer) failed() error {
	if !s.mu.TryLock() {
		return nil
	}
	defer s.mu.Unlock()
	return s.err
}

func (s *sealer) wait() error {
	s.group.Wait()
	return s.failed()
}

func (c *generateCmd) tell(a *app, r generateReport) error {
	if c.JSON {
		return json.NewEncoder(a.stdout).Encode(r)
	}
	if r.Added == 0 {
		_, err := fmt.Fprintf(a.stdout, "nothing to add: all %s are there already\n", quantity(r.Already, "request"))
		return err
	}
	already := ""
	if r.Already > 0 {
		already = fmt.Sprintf(", %s were there already", thousands(r.Already))
	}
	_, err := fmt.Fprintf(a.stdout, "%s added%s, %s to %s, in %.1f s (%s/s); the days take %s\n",
		quantity(r.Added, "request"), already, r.Days[0], r.last(), r.Seconds, thousands(uint64(r.RequestsSecond)), size(r.Bytes))
	return err
}
