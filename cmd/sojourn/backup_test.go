package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sojourn/internal/record"
)

// command runs a command line in process.
func command(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	err = run(&app{ctx: t.Context(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs}, args)
	return out.String(), errs.String(), err
}

// mustCommand runs a command line that has to succeed.
func mustCommand(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	stdout, stderr, err := command(t, args...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, stderr)
	}
	return stdout, stderr
}

// importPage imports a request of a page into a data folder.
func importPage(t *testing.T, data string, at time.Time, page string) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "access.log")
	line := fmt.Sprintf("198.51.100.7 - - [%s] \"GET %s HTTP/1.1\" 200 5 \"-\" \"Mozilla/5.0\"\n", at.Format("02/Jan/2006:15:04:05 -0700"), page)
	if err := os.WriteFile(log, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	mustCommand(t, "import", "--data", data, log)
}

// copies returns how many copies of a day are in the folder of a backup.
func copies(t *testing.T, backup string, day record.Day) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(backup, "days", day.String()+"*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// TestBackup_SetAside: what a backup has of a day stays when the store sets the day
// aside, also when the day starts anew, and for as long as the file is set aside.
func TestBackup_SetAside(t *testing.T) {
	data, backup := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "backup")
	yesterday := time.Now().UTC().AddDate(0, 0, -1)
	day := record.TimeOf(yesterday).Day()
	importPage(t, data, yesterday, "/before")
	mustCommand(t, "backup", "--data", data, backup)

	file := filepath.Join(data, "days", day.String()+".duckdb")
	if err := os.WriteFile(file, bytes.Repeat([]byte("junk"), 8<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	told := func(copied int) {
		t.Helper()
		if _, stderr, err := command(t, "backup", "--data", data, backup); err == nil || !strings.Contains(err.Error(), "set aside") {
			t.Errorf("a backup of a day that was set aside: %v\n%s", err, stderr)
		}
		if n := copies(t, backup, day); n != copied {
			t.Errorf("%d copies of the day, want %d", n, copied)
		}
	}
	restored := func(page string) (notes string) {
		t.Helper()
		to := filepath.Join(t.TempDir(), "restored")
		_, notes = mustCommand(t, "restore", backup, "--data", to)
		if _, requests := storedParts(t, to); len(requests) != 1 || requests[0].Path != page {
			t.Errorf("restored %+v, want %s", requests, page)
		}
		return notes
	}
	told(1)
	told(1)
	restored("/before")

	importPage(t, data, yesterday, "/anew")
	told(2)
	if notes := restored("/anew"); !strings.Contains(notes, "days/"+day.String()) || !strings.Contains(notes, "set it aside") {
		t.Errorf("the restore does not tell of the earlier copy: %s", notes)
	}
	importPage(t, data, yesterday, "/anew") // changes nothing, or the day; both have a copy
	told(2)

	aside, err := filepath.Glob(filepath.Join(data, "days", "*.corrupt-*"))
	for _, name := range aside {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if len(aside) == 0 || err != nil {
		t.Fatalf("nothing was set aside, %v", err)
	}
	mustCommand(t, "backup", "--data", data, backup)
	if n := copies(t, backup, day); n != 1 {
		t.Errorf("%d copies when nothing is set aside any more", n)
	}
}

// TestBackup_OtherFolder: the backup of a folder is not replaced by one of another
// folder, nor by one of nothing.
func TestBackup_OtherFolder(t *testing.T) {
	data, backup := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "backup")
	now := time.Now().UTC()
	importPage(t, data, now, "/page")
	mustCommand(t, "backup", "--data", data, backup)
	var m struct{ Install string }
	text, err := os.ReadFile(filepath.Join(backup, "manifest.json"))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	key, keyErr := os.ReadFile(filepath.Join(data, "key"))
	if err != nil || keyErr != nil || m.Install == "" || strings.Contains(string(text), strings.TrimSpace(string(key))) {
		t.Errorf("the manifest: %v %v\n%s", err, keyErr, text)
	}

	empty, other, same := t.TempDir(), filepath.Join(t.TempDir(), "other"), t.TempDir()
	importPage(t, other, now, "/other")
	if err := os.WriteFile(filepath.Join(same, "key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	for what, tt := range map[string]struct{ data, want string }{
		"an empty folder":        {empty, m.Install},
		"another folder":         {other, m.Install},
		"the folder, without it": {same, "no days"},
	} {
		if _, _, err := command(t, "backup", "--data", tt.data, backup); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", what, err, tt.want)
		}
		if after, err := os.ReadFile(filepath.Join(backup, "manifest.json")); !bytes.Equal(after, text) || err != nil || copies(t, backup, record.TimeOf(now).Day()) != 1 {
			t.Fatalf("%s: the backup was changed, %v", what, err)
		}
	}
	if _, err := os.Stat(filepath.Join(empty, "key")); err == nil {
		t.Error("a backup made an install key")
	}
}
