package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sojourn/internal/record"
)

func TestPolicyCommands(t *testing.T) {
	dir := t.TempDir()
	n := runNode(t, dir, nil)
	h, _ := runHub(t, dir, nil)
	eventually(t, "the hub to be ready", func() bool { return h.ready() == nil })
	file := filepath.Join(t.TempDir(), "policy.yaml")
	write := func(doc string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fails := func(want string, args ...string) {
		t.Helper()
		out, _, err := sojourn(t, append([]string{"policy"}, append(args, "--data", dir)...)...)
		if err == nil || !strings.Contains(err.Error(), want) || out != "" {
			t.Errorf("sojourn policy %v: %v, output %q; want an error with %q", args, err, out, want)
		}
	}
	var errs string // of the last run
	run := func(args ...string) (out string) {
		t.Helper()
		out, said, err := sojourn(t, append([]string{"policy"}, append(args, "--data", dir)...)...)
		if err != nil {
			t.Fatalf("sojourn policy %v: %v, %s", args, err, said)
		}
		errs = said
		return out
	}

	if out := run("show"); !strings.Contains(out, "version: 1") || !strings.HasPrefix(errs, "revision 0 by sojourn") {
		t.Errorf("before anything was saved: %q, %q", out, errs)
	}
	if out := run("history"); out != "" || !strings.Contains(errs, "nobody has saved") {
		t.Errorf("history of nothing: %q, %q", out, errs)
	}

	const first = "version: 1 # the first\ncapture: {keep_query: names}\n"
	write(first)
	if out := run("put", file, "--comment", "fewer \x1b[2Jvalues"); out != "revision 1 is in force\n" {
		t.Errorf("put: %q", out)
	}
	if out := run("show"); out != first || !strings.HasPrefix(errs, "revision 1, saved ") || strings.Contains(errs, "\x1b") {
		t.Errorf("show after put: %q, %q", out, errs)
	}
	write(headerPolicy)
	var saved record.PolicyInForce
	if err := json.Unmarshal([]byte(run("put", file, "--expected", "1", "--json")), &saved); err != nil || saved.Revision != 2 || saved.Document != headerPolicy {
		t.Errorf("put --json: %+v, %v", saved, err)
	}
	eventually(t, "the policy to be in force on the node", func() bool {
		_, revision := lastKey(t, n, h)
		return revision == 2
	})
	grouped := newestRequest(t, h).ID.String()
	explained := func(want string, lines int) {
		t.Helper()
		out, _, err := sojourn(t, "explain", grouped, "--data", dir)
		if err != nil || !strings.Contains(strings.Join(strings.Fields(out), " "), want) || strings.Count(out, "\n") != lines {
			t.Errorf("explain: %v, want %d lines with %q:\n%s", err, lines, want, out)
		}
	}
	explained(`1 own device request.header["X-Device"] found`, 7)
	n.request(t, 1)
	eventually(t, "the request to be stored", func() bool { return h.writer.stored.Load() == n.inspector.Stats().Exchanges })
	grouped = newestRequest(t, h).ID.String()
	explained(`1 own device request.header["X-Device"] had no value`, 9)
	explained(" built-in keys ", 9)
	if out, _, err := sojourn(t, "explain", grouped, "--data", dir, "--json"); err != nil || !strings.Contains(out, `"why":"had no value"`) {
		t.Errorf("explain --json: %v, %s", err, out)
	}

	fails("revision 2, not 1", "put", file, "--expected", "1")
	fails("revision 2, not 0", "rollback", "1", "--expected", "0")
	write("version: 1\ncapture:\n  keep_query: some\napplications: [{name: a, mode: blok}]\n")
	_, _, err := sojourn(t, "policy", "put", file, "--data", dir)
	lines := strings.Split(fmt.Sprint(err), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], file+":3: capture.keep_query: ") || !strings.HasPrefix(lines[1], file+":4: applications[0].mode: ") {
		t.Errorf("a policy with two problems: %q", lines)
	}
	write("version: 1 # \xff\n")
	fails("not UTF-8", "put", file)
	write("version: 1 #" + strings.Repeat("x", 2<<20))
	fails("larger than", "put", file)
	fails("no such file", "put", file+".nowhere")

	want := "revision 1 to revision 2\n- capture.keep_query: names\n+ capture.keep_query: values\n" +
		"+ session.parameters[device at request.header[\"X-Device\"]]: {name: device, point: 'request.header[\"X-Device\"]', group: true}\n"
	if out := run("diff", "1"); out != want {
		t.Errorf("diff:\n%s\nwant:\n%s", out, want)
	}
	if out := run("diff", "1", "1"); !strings.Contains(out, "no difference") {
		t.Errorf("diff of the same: %q", out)
	}
	var diff record.PolicyDiff
	if err := json.Unmarshal([]byte(run("diff", "2", "1", "--json")), &diff); err != nil || diff.From != 2 || diff.To != 1 || len(diff.Changes) != 2 {
		t.Errorf("diff --json: %+v, %v", diff, err)
	}
	fails("revision 9 of the policy is not kept", "diff", "1", "9")

	if out := run("rollback", "1"); out != "revision 3 is in force\n" {
		t.Errorf("rollback: %q", out)
	}
	if out := run("show", "--revision", "2"); out != headerPolicy {
		t.Errorf("show --revision: %q", out)
	}
	if out := run("show"); out != first {
		t.Errorf("after the rollback: %q", out)
	}
	if errs := strings.Count(errs, "warning"); errs > 0 {
		t.Errorf("%d warnings of a policy that needs none", errs)
	}
	rows := strings.Split(strings.TrimSpace(run("history")), "\n")
	if len(rows) != 4 || !strings.HasSuffix(rows[1], "back to revision 1") || !strings.HasSuffix(rows[3], `fewer \x1b[2Jvalues`) {
		t.Errorf("history: %q", rows)
	}
	var history record.PolicyHistory
	if err := json.Unmarshal([]byte(run("history", "--json")), &history); err != nil || len(history.Revisions) != 3 {
		t.Errorf("history --json: %+v, %v", history, err)
	}
	fails("revision 9 of the policy is not kept", "rollback", "9")

	write("version: 1\nmasks: [{name: '.*'}]\n")
	const warning = ` masks[0].name: ".*" matches every name`
	if out := run("put", file); out != "revision 4 is in force\n" || !strings.HasPrefix(errs, "warning: "+file+":2:"+warning) {
		t.Errorf("put of what is probably not meant: %q, %q", out, errs)
	}
	run("show")
	if !strings.Contains(errs, "warning: line 2:"+warning) {
		t.Errorf("show of it: %q", errs)
	}
	if run("rollback", "4"); !strings.HasPrefix(errs, "warning: line 2:"+warning) {
		t.Errorf("rollback to it: %q", errs)
	}
	fails("revision 9 of the policy is not kept", "show", "--revision", "9")
}

func TestPolicyCommands_NoServer(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"show"}, {"history"}, {"diff", "0"}, {"rollback", "0"}} {
		_, _, err := sojourn(t, append(append([]string{"policy"}, args...), "--data", dir)...)
		if err == nil || !strings.Contains(err.Error(), "sojourn serve --data") {
			t.Errorf("sojourn policy %v without a server: %v", args, err)
		}
	}
}
