package main

import (
	"encoding/json"
	"fmt"
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
	write("version: 1\nmasks:\n  - point: request.nothing\nextra: 1\ncapture: {keep_query: some}\n")
	_, _, err = sojourn(t, "policy", "check", file)
	if lines := strings.Split(fmt.Sprint(err), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[0], file+":3: masks[0].point: ") ||
		!strings.HasPrefix(lines[1], file+":4: extra: ") || !strings.HasPrefix(lines[2], file+":5: capture.keep_query: ") {
		t.Errorf("problems of all kinds: %q", lines)
	}
	out, _, err = sojourn(t, "policy", "check", "--json", file)
	var report policyReport
	if json.Unmarshal([]byte(out), &report) != nil || err == nil || report.Valid || len(report.Problems) != 3 || report.Problems[1].Field != "extra" {
		t.Errorf("problems in JSON: %s, %v", out, err)
	}
	write("version: 1\nmasks: [{name: '.*'}]\n")
	out, errs, err := sojourn(t, "policy", "check", file)
	if err != nil || !strings.Contains(out, "is a valid policy") || !strings.HasPrefix(errs, "warning: "+file+`:2: masks[0].name: ".*" matches every name`) {
		t.Errorf("a warning: %q, %q, %v", out, errs, err)
	}
	out, _, err = sojourn(t, "policy", "check", "--json", file)
	if want := `{"valid":true,"problems":[],"warnings":[{"line":2,"field":"masks[0].name","reason":"`; err != nil || !strings.HasPrefix(out, want) {
		t.Errorf("a warning in JSON: %s, %v", out, err)
	}
	if _, _, err = sojourn(t, "policy", "check", file+".nowhere"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
}
