package jwks

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"sojourn/internal/policy"
)

// MaxSetBytes is the largest key set that is read.
const MaxSetBytes = 1 << 20

// maxReason is how much is kept of why a key set cannot be read, in bytes: it may
// quote what a server answered.
const maxReason = 256

// source is a key set over time. Its fields but the first two are guarded by the
// mutex of its Ring.
type source struct {
	name  string
	isURL bool

	keys    []key
	ignored int       // keys that cannot verify anything
	content string    // digest of what the keys were read from
	fresh   time.Time // when the keys were last known to be those of the source
	failure string    // why it could not be read last time; so it is logged once

	looked bool        // the file has been read, or tried
	read   fs.FileInfo // the file as it was then; nil: it was not there
	seen   fs.FileInfo // the file as it was at the last look

	etag, modified string // validators of the answer that the keys are from
	due, attempted time.Time
	failed         int // fetches in a row
	fetching       bool
}

func newSource(name string) *source { return &source{name: name, isURL: policy.IsURL(name)} }

// take puts the keys of a document in force, and reports whether they differ
// from those before. The mutex of the Ring is held.
func (r *Ring) take(s *source, document []byte) (changed bool, err error) {
	digest := digestOf(document)
	if s.content != digest {
		keys, ignored, err := parseSet(document, !s.isURL)
		if err != nil {
			return false, err
		}
		s.keys, s.ignored, s.content, changed = keys, ignored, digest, true
		if len(keys) == 0 {
			r.c.Logger.Warn("jwks: a key set holds no key that can verify tokens", "source", s.name, "ignored", ignored)
		}
	}
	r.succeed(s)
	return changed, nil
}

// succeed notes that the keys are those of the source.
func (r *Ring) succeed(s *source) {
	if s.failure != "" {
		r.c.Logger.Info("jwks: a key set is read again", "source", s.name)
	}
	s.fresh, s.failure, s.failed = r.now(), "", 0
}

// fail keeps the keys before. A reason is logged when it is another one than the
// last time.
func (r *Ring) fail(s *source, err error) {
	reason := strings.ToValidUTF8(err.Error(), "")
	reason = reason[:min(len(reason), maxReason)]
	if !s.isURL && s.failure == reason {
		return // a file is looked at every second
	}
	r.failures.Add(1)
	s.failed++
	if s.failure != reason {
		if s.failure == "" || !s.isURL {
			r.c.Logger.Error("jwks: a key set cannot be read; the keys before stay in force", "source", s.name, "keys", len(s.keys), "error", reason)
		}
		s.failure = reason
	}
}

// readFile reads the file of s, if it is one and has changed, and reports whether
// its keys have. After the first time, a file is read once two looks saw it alike,
// so that one still being written is left alone. The mutex of the Ring is held.
func (r *Ring) readFile(s *source) (changed bool) {
	if s.isURL {
		return false
	}
	now, err := os.Stat(s.name)
	if err != nil {
		now = nil
	}
	settled := same(now, s.seen)
	s.seen = now
	if s.looked && (!settled || same(now, s.read)) {
		return false
	}
	s.looked, s.read = true, now
	document, err := readDocument(s.name)
	if err != nil {
		s.looked = false // what kept it from being read may pass without a trace in the file
	} else {
		changed, err = r.take(s, document)
	}
	if err != nil {
		r.fail(s, err)
	}
	return changed
}

// readDocument returns the content of a regular file: any other could keep its
// reader waiting.
func readDocument(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLimited(f)
}

func readLimited(from io.Reader) ([]byte, error) {
	document, err := io.ReadAll(io.LimitReader(from, MaxSetBytes+1))
	if err == nil && len(document) > MaxSetBytes {
		err = errors.New("it is too large for a key set")
	}
	return document, err
}

// same reports whether two looks at a path saw the same content, as far as the
// file system tells.
func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
