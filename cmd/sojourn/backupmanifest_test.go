package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

// TestManifest_KeepEarlier: which copies of a day that was set aside go on.
func TestManifest_KeepEarlier(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, kind fileKind) manifestFile {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		return manifestFile{Name: name, Kind: kind, Bytes: int64(len(name)), Day: 7}
	}
	a, b, c := file("a", dayFile), file("b", dayFile), file("c", dayFile)
	early := func(f manifestFile) manifestFile { f.Kind = earlierFile; return f }
	lost := a
	lost.Name = "lost"
	other := b
	other.Day = 8
	for name, tt := range map[string]struct {
		before []manifestFile
		known  []string // when the backup before began
		now    []manifestFile
		want   []manifestFile
	}{
		"Gone":                  {[]manifestFile{a, other}, nil, nil, []manifestFile{early(a)}},
		"GoneBefore":            {[]manifestFile{early(a)}, []string{"x"}, nil, []manifestFile{early(a)}},
		"Anew":                  {[]manifestFile{a}, nil, []manifestFile{b}, []manifestFile{b, early(a)}},
		"AnewAndChanged":        {[]manifestFile{b, early(a)}, []string{"x"}, []manifestFile{c}, []manifestFile{c, early(a)}},
		"AnewAndSetAsideAgain":  {[]manifestFile{b, early(a)}, []string{"y"}, []manifestFile{c}, []manifestFile{c, early(a), early(b)}},
		"AnewAndCannotBeCopied": {[]manifestFile{a}, nil, []manifestFile{a}, []manifestFile{early(a)}},
		"CopyIsLost":            {[]manifestFile{lost}, nil, []manifestFile{b}, []manifestFile{b}},
	} {
		m := manifest{Files: tt.now}
		kept := m.keepEarlier(dir, &manifest{Files: tt.before, SetAside: tt.known}, []record.SetAside{{File: "/days/x", Day: 7}})
		if diff := cmp.Diff(tt.want, m.Files); diff != "" || (len(kept) == 1) != (name != "CopyIsLost") {
			t.Errorf("%s: kept %v (-want +got):\n%s", name, kept, diff)
		}
	}
	dropped := manifest{}
	if kept := dropped.keepEarlier(dir, &manifest{Files: []manifestFile{a, early(b)}}, nil); len(kept)+len(dropped.Files) > 0 {
		t.Errorf("what nobody set aside stays: %v", dropped.Files)
	}
}
