package duckdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sojourn/internal/record"
)

const (
	asideMark   = daySuffix + ".corrupt-"
	asideTime   = "20060102T150405Z"
	reasonEnd   = ".reason" // a text file beside the file that was set aside
	reasonLimit = 4 << 10   // bytes of it that are read
)

func isAside(name string) bool {
	return strings.Contains(name, asideMark) && !strings.Contains(name, walSuffix) && !strings.HasSuffix(name, reasonEnd)
}

// setAside moves the file of a day with bad content away, so that the day can
// start anew, and returns errGone. The file is kept for whoever can repair it.
func (s *Store) setAside(d *day, cause error) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	d.gate.Lock()
	defer d.gate.Unlock()
	if d.gone {
		return errGone
	}
	if err := d.close(); err != nil {
		s.log.Warn("closing a bad day file", "file", d.path, "error", err)
	}
	to := s.asidePath(d)
	if err := os.Rename(d.path, to); err != nil {
		return fmt.Errorf("setting a bad day file aside: %w", errors.Join(err, cause))
	}
	// The file went first, as in drop: see there.
	for i, log := range logs(d.path) {
		if err := os.Rename(log, logs(to)[i]); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("setting the log of a bad day file aside: %w", errors.Join(err, cause))
		}
	}
	reason := firstLine(cause.Error())
	if err := os.WriteFile(to+reasonEnd, []byte(reason+"\n"), 0o600); err != nil {
		s.log.Warn("noting why a day file was set aside", "file", to, "error", err)
	}
	d.gone = true
	s.forget(d)
	s.mu.Lock()
	s.aside = append(s.aside, record.SetAside{File: to, Day: d.date, Reason: reason})
	s.mu.Unlock()
	s.log.Error("a day file with bad content was set aside", "file", to, "reason", reason)
	return errGone
}

// asidePath returns a name that no file has yet.
func (s *Store) asidePath(d *day) string {
	base := strings.TrimSuffix(d.path, daySuffix) + asideMark + s.cfg.Now().UTC().Format(asideTime)
	path := base
	for n := 2; ; n++ {
		if _, err := os.Lstat(path); os.IsNotExist(err) {
			return path
		}
		path = fmt.Sprintf("%s-%d", base, n)
	}
}

// readAside returns a file that an earlier run set aside.
func readAside(path string) record.SetAside {
	aside := record.SetAside{File: filepath.Clean(path), Reason: "unknown"}
	name, _, _ := strings.Cut(filepath.Base(path), asideMark)
	if day, err := record.ParseDay(name); err == nil {
		aside.Day = day
	}
	if f, err := os.Open(path + reasonEnd); err == nil {
		defer f.Close()
		b := make([]byte, reasonLimit)
		if n, _ := f.Read(b); n > 0 {
			aside.Reason = firstLine(string(b[:n]))
		}
	}
	return aside
}
