package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPolicyCheckCommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yml")
	write := func(doc string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("version: 1\napplications:\n  - name: shop\ncapture:\n  exclude:\n    - {paths: [/healthz]}\n")
	out, _, err := sojourn(t, "policy", "check", file)
	if want := file + " is a valid policy: 1 application, 1 capture filter\n"; err != nil || out != want {
		t.Errorf("got %q, %v; want %q", out, err, want)
	}
	write("version: 1\napplications:\n  - name: shop\n    mode: blok\n")
	_, _, err = sojourn(t, "policy", "check", file)
	if want := file + `:4: applications[0].mode: "blok" is not a mode: use off, monitor or block`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, _, err = sojourn(t, "policy", "check", file+".nowhere"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
}
