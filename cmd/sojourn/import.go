package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sojourn/internal/geo"
	"sojourn/internal/inspect"
	"sojourn/internal/record"
	"sojourn/internal/source/importer"
	"sojourn/internal/store"
)

// importCmd reads traffic from files into the data folder.
type importCmd struct {
	storeFlag
	commonFlags
	Files     []string `arg:"" name:"file" help:"Access logs or HAR files: plain, gzip, zstd or bzip2; - is standard input."`
	Format    string   `help:"How the files are written: auto (found for each file), combined, common, vhost or har. Default: ${default}." default:"auto" enum:"auto,combined,common,vhost,har" placeholder:"FORMAT"`
	Retime    string   `help:"With now: shift all files together by whole days, so that their newest day is today or yesterday." default:"" enum:",now" placeholder:"now"`
	Retention string   `help:"Take requests as old as this, such as 7d or 20000d, and remember it for the server. Default: the policy's, else what an earlier import asked for, else 7d." placeholder:"DAYS"`
	GeoIP     []string `name:"geoip" help:"MMDB file with countries, networks or anonymous addresses; repeatable." type:"existingfile" sep:"none" placeholder:"FILE"`
	JSON      bool     `name:"json" help:"Print the report as JSON."`
}

// Help is shown by --help after the description.
func (importCmd) Help() string {
	return `Reads Apache and nginx logs (combined, common, with or without virtual host) and
HAR 1.2. Importing a file twice adds nothing; an interrupted import is completed by
running it again. A file is known by its content, so import a log when it is
finished (rotated): a log that has grown since is another one.

Examples:
  sojourn import /var/log/nginx/access.log.1 /var/log/nginx/access.log.2.gz
  zcat old.log.gz | sojourn import --retime now -
      an old log for a look around, as if it ended today or yesterday
  sojourn import --retention 20000d archive/*.zst
      old days as they are
  sojourn import --format har recording.har --json`
}

// importMemory is the memory of the store's database engine in an import.
const importMemory = "1GB"

// Run imports and reports. What was imported before an error stays.
func (c *importCmd) Run(a *app) error {
	format, err := importer.ParseFormat(c.Format)
	if err != nil {
		return err
	}
	data, err := openData(c.Data)
	if err != nil {
		return err
	}
	unlock, err := data.lockFor("hub", forImport)
	if err != nil {
		return err
	}
	defer unlock()
	retention, err := c.retention(data)
	if err != nil {
		return err
	}
	pipeline, err := c.pipeline(a, data)
	if err != nil {
		return err
	}
	days, err := c.storeFlag.open(a.ctx, data, importMemory, nil, c.logger(a))
	if err != nil {
		return err
	}
	bar := newProgressBar(a.stderr)
	shift := &shifts{data: data, now: time.Now()}
	cfg := importer.Config{
		Inspector: pipeline, Sink: importSink{days}, Format: format, Now: shift.now, Retention: retention.Days,
		Stdin: a.stdin, Spool: data.dir, Progress: bar.importing,
	}
	if c.Retime != "" {
		cfg.Retime = shift.choose
	}
	report, err := c.importInto(a.ctx, days, cfg)
	bar.clear()
	err = errors.Join(err, days.Close())
	if err == nil {
		err = shift.done()
	}
	return c.tell(a, report, retention, err)
}

// retention decides how old a request may be, as a server on the folder would.
// The longest that was asked for is remembered, so that the server keeps it.
func (c *importCmd) retention(data *dataFolder) (record.Retention, error) {
	pol, err := c.loadPolicy()
	if err != nil {
		return record.Retention{}, err
	}
	retention, err := retentionOf(c.Retention, pol, data)
	if err != nil {
		return retention, err
	}
	if before, _ := data.retention(); c.Retention != "" && retention.Days > before.Days {
		err = data.setRetention(retention)
	}
	return retention, err
}

// pipeline is the inspection that live traffic goes through.
func (c *importCmd) pipeline(a *app, data *dataFolder) (*inspect.Pipeline, error) {
	rules, err := c.loadPolicy()
	if err != nil {
		return nil, err
	}
	key, err := data.key()
	if err != nil {
		return nil, err
	}
	places, err := geo.Open(c.GeoIP, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return newPipeline(a.ctx, inspect.Config{Key: key, Policy: rules, Revision: c.revision(), Geo: places}, c.logger(a))
}

// importInto imports, and leaves the days that it touched compacted.
func (c *importCmd) importInto(ctx context.Context, days store.Store, cfg importer.Config) (importer.Report, error) {
	began := time.Now()
	m := importer.New(cfg)
	defer m.Close()
	if err := m.Open(ctx, c.Files); err != nil {
		return importer.Report{}, err
	}
	report, err := m.Run(ctx)
	if err != nil {
		return report, err
	}
	err = days.Seal(ctx, report.Days...)
	report.Seconds = time.Since(began).Seconds()
	return report, err
}

// tell prints the report and turns what went wrong into the command's error.
func (c *importCmd) tell(a *app, report importer.Report, retention record.Retention, err error) error {
	if err == nil || report.Lines > 0 {
		if c.JSON {
			err = errors.Join(err, json.NewEncoder(a.stdout).Encode(report))
		} else {
			printImport(a.stdout, &report, retention.Days, c.Data)
		}
	}
	if err != nil && a.ctx.Err() != nil {
		return fmt.Errorf("interrupted after %s requests: run the same import again to add the rest", thousands(report.Added+report.Already))
	}
	if err != nil {
		return err
	}
	return importFailure(&report)
}

// importFailure is the error of an import that went through: a file that breaks
// off, or nothing recognised at all.
func importFailure(report *importer.Report) error {
	var errs []error
	for _, f := range report.Files {
		if f.Broken != "" {
			errs = append(errs, fmt.Errorf("%s: %s; what came before counts, %s", f.Name, f.Broken, quantity(f.Requests, "request")))
		}
	}
	if report.Requests == 0 && len(errs) == 0 {
		reason := "it holds no lines"
		if len(report.Rejects) > 0 {
			reason = fmt.Sprintf("%s line %d: %s", report.Rejects[0].File, report.Rejects[0].Line, report.Rejects[0].Reason)
		}
		errs = append(errs, fmt.Errorf("nothing was recognised (%s); the formats known are %s, and --format chooses one", reason, importer.Formats()))
	}
	return errors.Join(errs...)
}

// importSink hands batches to a store.
type importSink struct{ store store.Store }

func (s importSink) Write(ctx context.Context, batches []importer.Batch) (importer.Written, error) {
	out := make([]store.Batch, len(batches))
	for i, b := range batches {
		out[i] = store.BatchOf(store.Position{Log: b.Log, Seq: b.Seq}, b.Requests)
	}
	written, err := s.store.Write(ctx, out)
	return importer.Written(written), err
}

// shifts remembers by how many days files were shifted, so that the same import
// made again shifts them the same, and adds nothing.
type shifts struct {
	data   *dataFolder
	now    time.Time
	known  []shiftOf
	chosen bool // the last of known is this import's
}

// shiftOf is a shift that was used.
type shiftOf struct {
	Files string `json:"files"` // digest of all of them
	Days  int    `json:"days"`
	Done  bool   `json:"done"`
}

const (
	shiftsFile = "shifts.json"
	// maxShifts is how many shifts are remembered; the oldest are forgotten.
	maxShifts = 1000
)

// choose returns the shift that was used for the files before, when that import
// is still to be completed or the shift still ends today or yesterday; else a new one.
func (s *shifts) choose(files string, newest record.Time) (days int, err error) {
	s.data.readJSON(shiftsFile, &s.known)
	days = importer.DaysTo(s.now, newest)
	today := record.TimeOf(s.now).Day()
	for i, k := range s.known {
		if k.Files != files {
			continue
		}
		if end := newest.Day() + record.Day(k.Days); !k.Done || end == today || end == today-1 {
			days = k.Days
		}
		s.known = append(s.known[:i], s.known[i+1:]...)
		break
	}
	s.known = append(s.known, shiftOf{Files: files, Days: days})
	s.known = s.known[max(0, len(s.known)-maxShifts):]
	s.chosen = true
	return days, s.data.writeJSON(shiftsFile, s.known)
}

// done remembers that the import is complete.
func (s *shifts) done() error {
	if !s.chosen {
		return nil
	}
	s.known[len(s.known)-1].Done = true
	return s.data.writeJSON(shiftsFile, s.known)
}
