package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"sojourn/internal/bus"
	"sojourn/internal/inspect"
	"sojourn/internal/ledger"
	"sojourn/internal/record"
	"sojourn/internal/store/duckdb"
)

// restoreCmd makes a data folder of a backup.
type restoreCmd struct {
	outputFlags
	Data    string `help:"The data folder to make: a new one, or an empty one." type:"path" required:"" placeholder:"DIR"`
	KeyFile string `help:"The install key, where the backup has none." type:"existingfile" placeholder:"FILE"`
	Dir     string `arg:"" help:"Folder of the backup." type:"existingdir"`
}

// Help is shown by --help after the description.
func (restoreCmd) Help() string {
	return `Every file is compared with its digest and every day is opened before the folder
gets its name: it is there whole, or not at all. A server that is started on it goes
on where the backup was made; records that the backup has and that come again, from
a bus elsewhere or by importing a file again, are not stored twice. Of a day that was
set aside and started anew the newer copy is restored, and the other is named.

Example:
  sojourn restore /backups/sojourn --data ./data-restored --key-file /media/safe/key`
}

// restoreReport is what a restore made.
type restoreReport struct {
	Data     string      `json:"data"`
	Made     record.Time `json:"made"` // the backup
	Days     int         `json:"days"`
	Requests int64       `json:"requests"`
	Policies int         `json:"policies"`
	WithKey  bool        `json:"with_key"`
	Notes    []string    `json:"notes"`
}

// Run makes the folder beside its place, and puts it there when it is whole.
func (c *restoreCmd) Run(a *app) error {
	m, err := readManifest(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s holds no backup: it has no %s", c.Dir, manifestName)
	}
	if err != nil {
		return err
	}
	if !isEmpty(c.Data) {
		return fmt.Errorf("data folder %s is not empty: choose another with --data", c.Data)
	}
	parent := filepath.Dir(c.Data)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	making, err := os.MkdirTemp(parent, "."+filepath.Base(c.Data)+"-restoring-*") // mode 0700
	if err != nil {
		return err
	}
	defer os.RemoveAll(making) // unless it was renamed
	report, err := c.restore(a, &m, &dataFolder{dir: making})
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	if err := os.Rename(making, c.Data); err != nil { // over an empty folder, too
		return fmt.Errorf("nothing was restored: %w", err)
	}
	return c.tell(a, report)
}

func (c *restoreCmd) restore(a *app, m *manifest, data *dataFolder) (r restoreReport, err error) {
	r = restoreReport{Data: c.Data, Made: m.Made, Notes: []string{}}
	if err := os.Mkdir(data.daysDir(), 0o700); err != nil {
		return r, err
	}
	oldest, newest := record.Day(0), m.newest()
	for i := range m.Files {
		if err := a.ctx.Err(); err != nil {
			return r, err
		}
		f := &m.Files[i]
		switch f.Kind {
		case dayFile, earlierFile:
			if f.Name != newest[f.Day] {
				r.Notes = append(r.Notes, fmt.Sprintf("%s is not restored: it is day %s from before the store set it aside, and there is a newer copy", f.Name, f.Day))
				continue
			}
			if f.Kind == earlierFile {
				r.Notes = append(r.Notes, fmt.Sprintf("day %s is as it was before the store set it aside", f.Day))
			}
			err = f.copyTo(c.Dir, filepath.Join(data.daysDir(), f.Day.String()+".duckdb"))
			if oldest == 0 || f.Day < oldest {
				oldest = f.Day
			}
		case keyFile:
			if c.KeyFile == "" {
				err = f.copyTo(c.Dir, data.path("key"))
				r.WithKey = true
			}
		case policiesFile:
			r.Policies, err = c.policies(a, f, data)
		default:
			err = fmt.Errorf("%s is %q, which this version does not know: use a newer sojourn", f.Name, f.Kind)
		}
		if err != nil {
			return r, err
		}
	}
	if c.KeyFile != "" {
		if err := c.key(data); err != nil {
			return r, err
		}
		r.WithKey = true
	}
	if !r.WithKey {
		r.Notes = append(r.Notes, "there is no install key: a new one is made, and sessions that go on get other ids; --key-file takes the old one")
	}
	if err := c.retention(m, data, oldest, &r); err != nil {
		return r, err
	}
	return r, openRestored(a, data, &r)
}

// policies restores the policies into the bus of the folder.
func (c *restoreCmd) policies(a *app, f *manifestFile, data *dataFolder) (int, error) {
	copied := data.path("policies.json")
	if err := f.copyTo(c.Dir, copied); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(copied)
	if err := errors.Join(err, os.Remove(copied)); err != nil {
		return 0, err
	}
	var all []record.PolicyRevision
	if err := json.Unmarshal(text, &all); err != nil {
		return 0, fmt.Errorf("%s: %w", f.Name, err)
	}
	ctx, cancel := context.WithTimeout(a.ctx, ensureTimeout)
	defer cancel()
	err = withPolicies(ctx, data, func(p policyHistory) error { return p.Restore(ctx, all) })
	if err != nil {
		return 0, fmt.Errorf("the policies: %w", err)
	}
	return len(all), nil
}

func (c *restoreCmd) key(data *dataFolder) error {
	text, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return err
	}
	if err := writeOnce(data.path("key"), text); err != nil {
		return err
	}
	if _, err := data.key(); err != nil {
		return fmt.Errorf("--key-file %s does not hold 64 hex digits", c.KeyFile)
	}
	return nil
}

// retention remembers a retention under which a server keeps what was restored.
func (c *restoreCmd) retention(m *manifest, data *dataFolder, oldest record.Day, r *restoreReport) error {
	if m.Retention.Days > 0 {
		if err := data.setRetention(m.Retention); err != nil {
			return err
		}
	}
	today := record.TimeOf(time.Now()).Day()
	if oldest == 0 || oldest > today {
		return nil
	}
	if need := int(today-oldest) + 1; need > m.Retention.Days {
		r.Notes = append(r.Notes, fmt.Sprintf("some days are older than the retention of %d days: they are kept, unless the policy says how long; then start the server with --retention %dd", m.Retention.Days, need))
	}
	return data.keepFor(today, oldest)
}

// openRestored opens every day that was restored.
func openRestored(a *app, data *dataFolder, r *restoreReport) error {
	days, err := duckdb.Open(a.ctx, duckdb.Config{Dir: data.daysDir(), MemoryLimit: readingMemory, Logger: quietly(a)})
	if err != nil {
		return err
	}
	all, aside, err := days.Status(a.ctx)
	if err := errors.Join(err, days.Close()); err != nil {
		return err
	}
	for _, s := range aside {
		return fmt.Errorf("%s cannot be read: %s", filepath.Base(s.File), s.Reason)
	}
	for _, d := range all {
		if d.Error != "" {
			return fmt.Errorf("day %s cannot be opened: %s", d.Day, d.Error)
		}
		r.Days++
		r.Requests += d.Requests
	}
	return nil
}

func (c *restoreCmd) tell(a *app, r restoreReport) error {
	if c.JSON {
		return json.NewEncoder(a.stdout).Encode(r)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(a.stderr, "note:", visible(note))
	}
	_, err := fmt.Fprintf(a.stdout, "%s with %s and %s restored into %s, from the backup of %s\n", quantity(uint64(r.Days), "day"),
		quantity(uint64(r.Requests), "request"), quantity(uint64(r.Policies), "policy"), visible(r.Data), r.Made)
	return err
}

// policyHistory is what backups do with the policies; *ledger.Policies has it.
type policyHistory interface {
	All(context.Context) ([]record.PolicyRevision, error)
	Restore(context.Context, []record.PolicyRevision) error
}

// withPolicies opens the bus of a folder that no node runs on.
func withPolicies(ctx context.Context, data *dataFolder, do func(policyHistory) error) error {
	unlock, err := data.lockFor("node", forCommand)
	if err != nil {
		return err
	}
	defer unlock()
	logger := slog.New(slog.DiscardHandler)
	token := rand.Text()
	server, err := bus.OpenServer(bus.ServerConfig{Dir: data.busDir(), Listen: loopback + ":0", Token: token, Logger: logger})
	if err != nil {
		return err
	}
	defer server.Close()
	conn, err := bus.ConnectTo(server, token)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Reach(ctx); err != nil {
		return err
	}
	return do(ledger.NewPolicies(conn, inspect.Check, logger))
}
