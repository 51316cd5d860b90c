package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"sojourn/internal/record"
)

// leftover are the names of files that writeOnce and writeJSON had not finished.
var leftover = regexp.MustCompile(`^\.(key|admin-token|[a-z]+\.json)-\d+$`)

// checkFolder looks at everything in a data folder but its days. It reads no secret
// aloud, and makes nothing.
func checkFolder(data *dataFolder) (found []record.Trouble) {
	tell := func(t record.Trouble) { found = append(found, t) }
	files, err := os.ReadDir(data.dir)
	if err != nil {
		tell(record.Trouble{File: data.dir, Problem: err.Error()})
	}
	for _, f := range files {
		if leftover.MatchString(f.Name()) && f.Type().IsRegular() {
			tell(record.Trouble{File: data.path(f.Name()), Problem: "a crash left it half done", Mend: record.MendRemove})
		}
	}
	for _, name := range []string{"key", "admin-token", "bus.json"} {
		if info, err := os.Stat(data.path(name)); err == nil && info.Mode().Perm()&0o077 != 0 {
			tell(record.Trouble{File: data.path(name), Problem: fmt.Sprintf("others may read this secret (mode %o)", info.Mode().Perm()), Mend: record.MendMode})
		}
	}
	if t, bad := checkKey(data); bad {
		tell(t)
	}
	return found
}

// checkKey tells what is wrong with the install key.
func checkKey(data *dataFolder) (t record.Trouble, bad bool) {
	t.File = data.path("key")
	text, err := os.ReadFile(t.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Problem = "there is no install key yet"
		_, served := os.Stat(data.path("admin-token"))
		if t.Note = served != nil; !t.Note {
			t.Problem = "the install key is gone: put it back from where it is kept; else a new one is made, and sessions that go on get other ids"
		}
		return t, true
	case err != nil:
		t.Problem = err.Error()
		return t, true
	}
	if key, err := hex.DecodeString(strings.TrimSpace(string(text))); err != nil || len(key) != 32 {
		t.Problem = "the install key is not 64 hex digits: put it back from where it is kept"
		return t, true
	}
	return t, false
}
