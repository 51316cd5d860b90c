package test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestSecrets searches everything that reaches the disk for the secrets of the
// traffic: what waits on the bus, and the days after a stop.
func TestSecrets(t *testing.T) {
	t.Parallel()
	secrets := []string{
		"Qm4nT8sW2yB6kD0f", "Lw7cR3vZ9xH1pJ5g", "hunter2correcthorse", "Xe9uM2aK7qY4tN8r", "lovelace1815",
		"YWRhOmxvdmVsYWNlMTgxNQ", "Vb6hS1jF5gC3zP0o", "Ti8dG4lE2wU6mA9n", "c2lnbmF0dXJl", "Rk3pX7fQ1bO5vI8s",
	}
	const marker = "a-plain-path-of-this-test" // what is no secret has to be found: else the search is blind
	up := newUpstream(t, "api")
	s := serve(t, folder(t), "--upstream", up.URL)
	hub := s.kill(t, "hub", syscall.SIGSTOP) // so that the bus keeps what it gets
	t.Cleanup(func() { _ = syscall.Kill(hub, syscall.SIGCONT) })
	base := "http://" + s.proxy + "/" + marker
	for i, c := range []struct {
		header map[string]string
		target string
	}{
		{header: map[string]string{"Cookie": "PHPSESSID=" + secrets[0]}},
		{header: map[string]string{"Cookie": "theme=dark; app_session=" + secrets[5] + "==.abc123"}},
		{header: map[string]string{"Authorization": "Bearer " + secrets[1]}},
		{header: map[string]string{"Authorization": "Bearer " + jwt}},
		{header: map[string]string{"Authorization": basic}},
		{header: map[string]string{"X-Api-Key": secrets[3]}},
		{target: "?user=ada&password=" + secrets[2]},
		{target: "?access_token=" + secrets[6]},
		{target: "?new%5Fpassword=" + secrets[2]},
		{target: ";jsessionid=" + secrets[7] + "?page=1"},
		{target: "/reset/" + jwt},
		{header: map[string]string{"X-Auth-Token": secrets[9]}, target: "?copy=" + secrets[9]},
	} {
		if body := fetch(t, fmt.Sprintf("%s/%d%s", base, i, c.target), c.header); body == "" {
			t.Fatal("no answer")
		}
	}
	eventually(t, "the bus has all", func() error {
		n, err := askNode(s.data)
		if err == nil && n.Recorded != 12 {
			err = fmt.Errorf("it has %d", n.Recorded)
		}
		return err
	})
	searchFor(t, filepath.Join(s.data, "bus"), marker, secrets)
	if err := syscall.Kill(hub, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.settled(t)
	s.stop(t)
	searchFor(t, s.data, marker, secrets)
	for _, secret := range secrets {
		if bytes.Contains([]byte(s.printed(t)), []byte(secret)) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

// searchFor demands that the files of a folder hold the marker and no secret.
func searchFor(t *testing.T, dir, marker string, secrets []string) {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found = found || bytes.Contains(content, []byte(marker))
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds %s", path, secret)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		t.Errorf("nothing under %s holds %s: the search is blind", dir, marker)
	}
}
