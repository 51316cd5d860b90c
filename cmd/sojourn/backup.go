package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sojourn/internal/client"
	"sojourn/internal/record"
)

// backupCmd copies a data folder, while it is in use or not.
type backupCmd struct {
	serverFlags
	outputFlags
	WithKey bool   `help:"Copy the install key, too. Whoever has it can guess what is kept as digests."`
	Dir     string `arg:"" help:"Folder of the backup: a new one, or that of an earlier backup, of which what is unchanged stays." type:"path"`
}

// Help is shown by --help after the description.
func (backupCmd) Help() string {
	return `Copies every day as it is at one moment, the policies and the retention. Traffic and
storing go on. Days that are compacted and unchanged since the backup before are not
copied again; days that the store has dropped since go from the backup, too. Of a day
that the store set aside the copy of before stays, for as long as the file that was set
aside is there; that is told, and the backup ends with 1. When it is interrupted, the
backup before is still whole. The backup of another folder, or of a folder without
days, does not take its place.

Not in it: what is on the bus and not stored yet, files of days that were set aside,
the admin token, and, unless asked for, the install key (` + "`key`" + ` in the data folder).
Without that key a restored folder gives the same people new session ids: keep a copy
of it, somewhere else.

Examples:
  sojourn backup --data ./data /backups/sojourn
  sojourn backup --data ./data --with-key /media/safe/sojourn`
}

// backupReport is what a backup did.
type backupReport struct {
	Dir      string       `json:"dir"`
	Days     int          `json:"days"`
	Copied   []record.Day `json:"copied"`
	Kept     int          `json:"kept"` // days that were there already
	Bytes    int64        `json:"bytes"`
	Policies int          `json:"policies"`
	WithKey  bool         `json:"with_key"`
	SetAside []record.Day `json:"set_aside"` // days of which earlier copies are kept
	Failed   []string     `json:"failed"`
}

// Run makes the backup.
func (c *backupCmd) Run(a *app) error {
	if c.WithKey && c.Server != "" {
		return usageError{errors.New("--with-key needs the data folder itself: the API does not tell the key; run it on that machine, or copy the file `key`")}
	}
	unlock, err := lockBackup(c.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	before, err := readManifest(c.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, err = c.reach()
	running := err == nil
	var report backupReport
	var failed error
	err = c.with(a, func(server *client.Client) (err error) {
		report, failed, err = c.backup(a, server, running, before)
		return err
	})
	if err != nil {
		return fmt.Errorf("no backup was made, an earlier one in %s is still whole: %w", c.Dir, err)
	}
	return errors.Join(c.tell(a, report), failed)
}

// lockBackup takes the folder of a backup, which must be one, or empty.
func lockBackup(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the backup's folder: %w", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("the backup's folder: %w", err)
	}
	ours := len(files) == 0
	for _, f := range files {
		ours = ours || f.Name() == manifestName || f.Name() == "backup.lock"
	}
	if !ours {
		return nil, fmt.Errorf("%s holds something else than a backup: choose an empty folder", dir)
	}
	return (&dataFolder{dir: dir}).lock("backup")
}

func (c *backupCmd) backup(a *app, server *client.Client, running bool, before manifest) (r backupReport, failed, err error) {
	saved, err := server.Saved(a.ctx)
	if err != nil {
		return r, nil, err
	}
	if err := c.sameInstall(before.Install, saved.Install); err != nil {
		return r, nil, err
	}
	m := manifest{Format: manifestFormat, Version: saved.Version, Made: record.TimeOf(time.Now()), Retention: saved.Retention, Install: saved.Install}
	for _, s := range saved.SetAside {
		m.SetAside = append(m.SetAside, filepath.Base(s.File))
	}
	r = backupReport{Dir: c.Dir, Copied: []record.Day{}, SetAside: []record.Day{}, Failed: []string{}}
	for _, day := range saved.Days {
		file, copied, err := c.day(a, server, day, &before)
		switch {
		case a.ctx.Err() != nil:
			return r, nil, a.ctx.Err()
		case gone(err):
			continue
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("day %s is not in the backup as it is now: %w", day.Day, err))
			r.Failed = append(r.Failed, fmt.Sprintf("%s: %v", day.Day, err))
			if file.Name == "" {
				continue
			}
		case copied:
			r.Copied = append(r.Copied, day.Day)
			r.Bytes += file.Bytes
		default:
			r.Kept++
		}
		r.Days++
		m.Files = append(m.Files, file)
	}
	aside, err := c.setAside(a, server, &before, &m, &r)
	if err != nil {
		return r, nil, err
	}
	failed = errors.Join(failed, aside)
	if before.holdsDays() && !m.holdsDays() {
		return r, nil, fmt.Errorf("%s has no days, and the backup has: make a new backup in another folder", c.from())
	}
	if r.Policies, err = c.policies(a, server, running, &m); err != nil {
		return r, nil, fmt.Errorf("the policies: %w", err)
	}
	if c.WithKey {
		if err := c.key(&m); err != nil {
			return r, nil, fmt.Errorf("the install key: %w", err)
		}
		r.WithKey = true
	}
	if err := m.write(c.Dir); err != nil {
		return r, nil, err
	}
	return r, errors.Join(failed, m.sweep(c.Dir)), nil
}

// from names what is backed up.
func (c *backupCmd) from() string {
	if c.Server != "" {
		return "the server " + c.Server
	}
	return "data folder " + c.Data
}

// sameInstall fails when the backup is one of another data folder.
func (c *backupCmd) sameInstall(before, now string) error {
	if before == "" || before == now {
		return nil
	}
	return fmt.Errorf("the backup is of install %s, and %s is install %s: choose another folder for its backup", before, c.from(), cmp.Or(now, "none, it has no key"))
}

// setAside keeps the copies of days that the store has set aside, also since the
// backup began, and returns an error that tells of them.
func (c *backupCmd) setAside(a *app, server *client.Client, before, m *manifest, r *backupReport) (told, err error) {
	now, err := server.Saved(a.ctx)
	if err != nil {
		return nil, err
	}
	r.SetAside = append(r.SetAside, m.keepEarlier(c.Dir, before, now.SetAside)...)
	for _, s := range now.SetAside {
		name := filepath.Base(s.File)
		var t error
		switch {
		case slices.Contains(r.SetAside, s.Day):
			t = fmt.Errorf("day %s was set aside (%s): the copy of before stays in the backup, until that file is removed", s.Day, name)
		case !slices.Contains(before.SetAside, name):
			t = fmt.Errorf("day %s was set aside (%s): the backup has no copy of before", s.Day, name)
		default:
			continue // that was told
		}
		told = errors.Join(told, t)
		r.Failed = append(r.Failed, t.Error())
	}
	return told, nil
}

// day copies a day, unless it is there. With an error it returns the copy of before.
func (c *backupCmd) day(a *app, server *client.Client, day record.SavedDay, before *manifest) (file manifestFile, copied bool, err error) {
	old, have := before.find(day.Day)
	if have = have && old.isThere(c.Dir); !have {
		old = manifestFile{}
	}
	if have && day.Version != "" && old.Version == day.Version {
		return old, false, nil
	}
	if day.Error != "" {
		return old, false, errors.New(day.Error)
	}
	bar := newMeter(a)
	defer bar.clear()
	file = manifestFile{Kind: dayFile, Day: day.Day, Requests: day.Requests, Version: day.Version}
	file, err = addFile(c.Dir, file, func(w io.Writer) error {
		return server.CopyDay(a.ctx, day.Day, io.MultiWriter(w, bar))
	})
	if err != nil {
		return old, false, err
	}
	return file, true, nil
}

// gone tells that a day was dropped meanwhile.
func gone(err error) bool {
	var p *client.Problem
	return errors.As(err, &p) && p.Status == http.StatusNotFound
}

// policies adds the policies that are kept: those that the server tells, or those
// on the bus of a folder that none runs on.
func (c *backupCmd) policies(a *app, server *client.Client, running bool, m *manifest) (n int, err error) {
	var all []record.PolicyRevision
	if running {
		history, err := server.PolicyHistory(a.ctx)
		if err != nil {
			return 0, err
		}
		for i := len(history.Revisions) - 1; i >= 0; i-- {
			r, err := server.PolicyRevision(a.ctx, history.Revisions[i].Revision)
			switch {
			case gone(err): // a newer one has taken its place
				continue
			case err != nil:
				return 0, err
			}
			all = append(all, r)
		}
	} else if all, err = readPolicies(a, c.Data); err != nil {
		return 0, err
	}
	if len(all) == 0 {
		return 0, nil
	}
	file, err := addFile(c.Dir, manifestFile{Kind: policiesFile}, func(w io.Writer) error { return json.NewEncoder(w).Encode(all) })
	m.Files = append(m.Files, file)
	return len(all), err
}

func readPolicies(a *app, dir string) (all []record.PolicyRevision, err error) {
	data, err := openData(dir)
	if err != nil {
		return nil, err
	}
	if files, err := os.ReadDir(data.busDir()); errors.Is(err, fs.ErrNotExist) || err == nil && len(files) == 0 {
		return nil, nil // nothing was ever saved
	}
	ctx, cancel := context.WithTimeout(a.ctx, ensureTimeout)
	defer cancel()
	err = withPolicies(ctx, data, func(p policyHistory) error {
		all, err = p.All(ctx)
		return err
	})
	return all, err
}

func (c *backupCmd) key(m *manifest) error {
	data, err := openData(c.Data)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(data.path("key"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is none in %s", data.dir)
	}
	if err != nil {
		return err
	}
	file, err := addFile(c.Dir, manifestFile{Kind: keyFile}, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	m.Files = append(m.Files, file)
	return err
}

func (c *backupCmd) tell(a *app, r backupReport) error {
	if c.JSON {
		return json.NewEncoder(a.stdout).Encode(r)
	}
	_, err := fmt.Fprintf(a.stdout, "%s in %s: %d copied (%s), %d unchanged; %s\n",
		quantity(uint64(r.Days), "day"), visible(r.Dir), len(r.Copied), size(r.Bytes), r.Kept, quantity(uint64(r.Policies), "policy"))
	if r.WithKey {
		fmt.Fprintln(a.stderr, "the install key is in the backup: keep it where nobody reads it")
	} else {
		fmt.Fprintln(a.stderr, "the install key is not in the backup (--with-key): keep a copy of it somewhere else")
	}
	return err
}

// quietly logs only what is wrong.
func quietly(a *app) *slog.Logger {
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// isEmpty reports whether a folder is not there, or has nothing in it.
func isEmpty(dir string) bool {
	files, err := os.ReadDir(dir)
	return errors.Is(err, fs.ErrNotExist) || err == nil && len(files) == 0
}
