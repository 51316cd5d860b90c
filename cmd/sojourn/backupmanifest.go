package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sojourn/internal/record"
)

// A backup is a folder:
//
//	manifest.json                       what belongs to it, written last
//	days/2026-11-21-0123456789abcdef.duckdb   a day, named by the digest of its content
//	policies-….json                     the policies that are kept
//	key-…                               the install key, with --with-key
//
// Files are never changed, and those that the manifest does not name are removed
// only after it: whenever a backup is interrupted, the one before is whole.
type manifest struct {
	Format    int              `json:"format"`
	Version   string           `json:"version"` // of sojourn
	Made      record.Time      `json:"made"`
	Retention record.Retention `json:"retention"`           // in force
	Install   string           `json:"install,omitempty"`   // of the data folder
	SetAside  []string         `json:"set_aside,omitempty"` // names of the store's files, when the backup began
	Files     []manifestFile   `json:"files"`
}

// manifestFile is a file of a backup.
type manifestFile struct {
	Name     string     `json:"name"` // below the folder, with slashes
	Kind     fileKind   `json:"kind"`
	Bytes    int64      `json:"bytes"`
	SHA256   string     `json:"sha256"`
	Day      record.Day `json:"day,omitzero"`
	Requests int64      `json:"requests,omitempty"`
	Version  string     `json:"version,omitempty"` // what the store called the day's content
}

type fileKind string

const (
	dayFile      fileKind = "day"
	earlierFile  fileKind = "earlier day" // from before the store set the day aside; the newest is last
	policiesFile fileKind = "policies"
	keyFile      fileKind = "key"

	manifestName   = "manifest.json"
	manifestFormat = 1
	maxManifest    = 16 << 20
	unfinished     = ".unfinished-" // begins the names of files that are being written
	digestInName   = 16             // hex digits
)

// readManifest reads the manifest of a backup; fs.ErrNotExist when there is none.
func readManifest(dir string) (m manifest, err error) {
	path := filepath.Join(dir, manifestName)
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, maxManifest)).Decode(&m); err != nil {
		return m, fmt.Errorf("%s is no manifest of a backup: %w", path, err)
	}
	if m.Format != manifestFormat {
		return m, fmt.Errorf("%s has format %d and this version reads %d: use the sojourn that made it, or a newer one", path, m.Format, manifestFormat)
	}
	for _, file := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(file.Name)) {
			return m, fmt.Errorf("%s names %q, which is outside of the backup", path, file.Name)
		}
	}
	return m, nil
}

// find returns the copy of a day.
func (m *manifest) find(day record.Day) (manifestFile, bool) {
	i := slices.IndexFunc(m.Files, func(f manifestFile) bool { return f.Kind == dayFile && f.Day == day })
	if i < 0 {
		return manifestFile{}, false
	}
	return m.Files[i], true
}

// holdsDays reports whether there is a copy of a day.
func (m *manifest) holdsDays() bool {
	return slices.ContainsFunc(m.Files, func(f manifestFile) bool { return f.Kind == dayFile || f.Kind == earlierFile })
}

// keepEarlier takes over, from the manifest before, the copies of days that were
// set aside: those that were kept already, and the copy of a day that was set aside
// since. It returns the set-aside days that copies are kept of.
func (m *manifest) keepEarlier(dir string, before *manifest, aside []record.SetAside) (kept []record.Day) {
	since := map[record.Day]bool{} // set aside; whether it happened since the backup before
	for _, s := range aside {
		since[s.Day] = since[s.Day] || !slices.Contains(before.SetAside, filepath.Base(s.File))
	}
	earlier := []manifestFile{}
	for _, kind := range []fileKind{earlierFile, dayFile} {
		for _, f := range before.Files {
			again, is := since[f.Day]
			if f.Kind != kind || !is || kind == dayFile && !again && m.has(f.Day) || !f.isThere(dir) {
				continue
			}
			if f.Kind = earlierFile; slices.ContainsFunc(earlier, func(e manifestFile) bool { return e.Name == f.Name }) {
				continue
			}
			if !slices.Contains(kept, f.Day) {
				kept = append(kept, f.Day)
			}
			// A copy that was taken over because there is no newer one is one of before, too.
			m.Files = slices.DeleteFunc(m.Files, func(now manifestFile) bool { return now.Name == f.Name })
			earlier = append(earlier, f)
		}
	}
	m.Files = append(m.Files, earlier...)
	return kept
}

// newest returns the newest copy of each day.
func (m *manifest) newest() map[record.Day]string {
	names := map[record.Day]string{}
	for _, kind := range []fileKind{earlierFile, dayFile} {
		for _, f := range m.Files {
			if f.Kind == kind {
				names[f.Day] = f.Name
			}
		}
	}
	return names
}

func (m *manifest) has(day record.Day) bool {
	_, ok := m.find(day)
	return ok
}

// write puts the manifest in the place of the one before.
func (m *manifest) write(dir string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	to, err := newWholeFile(filepath.Join(dir, manifestName))
	if err != nil {
		return err
	}
	defer to.discard()
	if _, err := to.Write(append(text, '\n')); err != nil {
		return err
	}
	return to.keep()
}

// sweep removes the files of a backup that its manifest does not name.
func (m *manifest) sweep(dir string) error {
	var errs []error
	for _, below := range []string{".", "days"} {
		files, err := os.ReadDir(filepath.Join(dir, below))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		for _, f := range files {
			name := filepath.ToSlash(filepath.Join(below, f.Name()))
			named := slices.ContainsFunc(m.Files, func(mf manifestFile) bool { return mf.Name == name })
			ours := strings.HasPrefix(f.Name(), unfinished) || below == "days" && strings.HasSuffix(name, ".duckdb") ||
				strings.HasPrefix(name, string(policiesFile)+"-") || strings.HasPrefix(name, string(keyFile)+"-")
			if ours && !named && f.Type().IsRegular() {
				errs = append(errs, os.Remove(filepath.Join(dir, name)))
			}
		}
	}
	return errors.Join(errs...)
}

// addFile fills a file of a backup; it gets its name from what it holds.
func addFile(dir string, file manifestFile, fill func(io.Writer) error) (manifestFile, error) {
	below, name, ending := ".", string(file.Kind), ".json"
	switch file.Kind {
	case dayFile:
		below, name, ending = "days", file.Day.String(), ".duckdb"
	case keyFile:
		ending = ""
	}
	if err := os.MkdirAll(filepath.Join(dir, below), 0o700); err != nil {
		return file, err
	}
	to, err := os.CreateTemp(filepath.Join(dir, below), unfinished+"*") // mode 0600
	if err != nil {
		return file, err
	}
	defer os.Remove(to.Name()) // unless it was renamed
	sum := sha256.New()
	err = fill(io.MultiWriter(to, sum))
	if err == nil {
		err = to.Sync()
	}
	info, stat := to.Stat()
	if err := errors.Join(err, stat, to.Close()); err != nil {
		return file, err
	}
	file.Bytes, file.SHA256 = info.Size(), hex.EncodeToString(sum.Sum(nil))
	file.Name = filepath.ToSlash(filepath.Join(below, name+"-"+file.SHA256[:digestInName]+ending))
	return file, os.Rename(to.Name(), filepath.Join(dir, file.Name))
}

// isThere reports whether the file is there, in its size.
func (f *manifestFile) isThere(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(f.Name)))
	return err == nil && info.Size() == f.Bytes
}

// copyTo copies a file of a backup to a new file, and fails when it is not what the
// manifest says.
func (f *manifestFile) copyTo(dir, path string) error {
	from, err := os.Open(filepath.Join(dir, filepath.FromSlash(f.Name)))
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, sum), from)
	if err == nil {
		err = to.Sync()
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return err
	}
	if n != f.Bytes || hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("%s is damaged: it has %d bytes, and its digest is not the one that the manifest tells; it should have %d", f.Name, n, f.Bytes)
	}
	return nil
}
