package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sojourn/internal/record"
)

// TestUnreadable: only a crash of the library says something about the file. What
// else ends the process that reads it, such as the kernel for want of memory, does not.
func TestUnreadable(t *testing.T) {
	for script, mend := range map[string]string{
		"kill -KILL $$": "", "kill -TERM $$": "", "kill -HUP $$": "", "kill -USR1 $$": "",
		"kill -SEGV $$": record.MendSetAside, "kill -BUS $$": record.MendSetAside, "kill -ABRT $$": record.MendSetAside,
		"kill -ILL $$": record.MendSetAside, "kill -FPE $$": record.MendSetAside,
		"echo 'SIGSEGV: segmentation violation' >&2; exit 2":                              record.MendSetAside,
		"echo 'fatal error: unexpected signal' >&2; echo '[signal SIGBUS: x' >&2; exit 2": record.MendSetAside,
		"echo 'sojourn: unknown flag' >&2; exit 2":                                        "",
		"echo 'sojourn: opening SIGSEGV: denied' >&2; exit 1":                             "",
		"exit 137": "",
	} {
		var said strings.Builder
		cmd := exec.Command("sh", "-c", "ulimit -c 0; "+script)
		cmd.Stderr = &said
		err := cmd.Run()
		if trouble := unreadable(&dataFolder{dir: "data"}, 1, err, []byte(said.String())); trouble.Mend != mend || trouble.Problem == "" {
			t.Errorf("%s: %v is %+v, want mend %q", script, err, trouble, mend)
		}
	}
}

// TestRepairNeedsLock: without the lock of the folder nothing in it is mended.
func TestRepairNeedsLock(t *testing.T) {
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, "hub.lock"), 0o700); err != nil { // which cannot be opened as a file
		t.Fatal(err)
	}
	key := filepath.Join(data, "key")
	if err := os.WriteFile(key, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err := command(t, "doctor", "--data", data, "--repair")
	if err == nil || !strings.Contains(err.Error(), "nothing is mended") {
		t.Errorf("%v", err)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the key was changed: %v, %v", info.Mode(), err)
	}
}
