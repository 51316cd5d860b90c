package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInspectVerifies: a key set that the policy names makes a claim as strong as a
// secret, and changes no session.
func TestInspectVerifies(t *testing.T) {
	dir := t.TempDir()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	keys := write("keys.json", fmt.Sprintf(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":%q}]}`, encode(public)))
	content := encode([]byte(`{"alg":"EdDSA","kid":"k"}`)) + "." + encode([]byte(`{"sub":"ann","exp":1790000000}`))
	signed := content + "." + encode(ed25519.Sign(private, []byte(content)))
	expired := strings.ReplaceAll(entry("https://a.example.com/?access_token="+signed, "", ""), "2026-11-21", "2026-09-22")
	har := write("a.har", `{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[`+strings.Join([]string{
		strings.ReplaceAll(entry("https://a.example.com/?access_token="+signed, "", ""), "2026-11-21", "2026-09-20"),
		strings.ReplaceAll(entry("https://a.example.com/?access_token="+content+"."+encode(make([]byte, 64)), "", ""), "2026-11-21", "2026-09-20"),
		expired,
	}, ",")+`]}}`)
	type line struct {
		SessionID string `json:"session_id"`
		Key       struct {
			Name, Strength string
			Verified       bool
		}
	}
	f := func(policy string, verified ...bool) (session, errs string) {
		t.Helper()
		var out, log bytes.Buffer
		a := &app{ctx: t.Context(), stdout: &out, stderr: &log}
		if err := run(a, []string{"inspect", "--policy", write("policy.yaml", "version: 1\n"+policy), har}); err != nil {
			t.Fatal(err, &log)
		}
		dec := json.NewDecoder(&out)
		for i, want := range verified {
			var l line
			if err := dec.Decode(&l); err != nil {
				t.Fatal(err)
			}
			strength := map[bool]string{true: "secret", false: "claimed"}[want]
			if l.Key.Name != "jwt.sub" || l.Key.Strength != strength || l.Key.Verified != want {
				t.Errorf("%s: entry %d: %+v, want %s", policy, i, l.Key, strength)
			}
			if session == "" {
				session = l.SessionID
			}
			if l.SessionID != session {
				t.Errorf("%s: entry %d is another session", policy, i)
			}
		}
		return session, log.String()
	}
	with, _ := f("jwks: "+keys+"\n", true, false, false)
	without, _ := f("", false, false, false)
	if with != without {
		t.Errorf("verifying changes the session: %s, without %s", with, without)
	}
	if _, errs := f("jwks: "+keys+".gone\n", false, false, false); !strings.Contains(errs, "keys.json.gone") {
		t.Errorf("nobody is told that there are no keys: %s", errs)
	}
}

// TestNodeKeySets: a node has the key sets of its policy and tells their state.
func TestNodeKeySets(t *testing.T) {
	dir := t.TempDir()
	keys, file := filepath.Join(dir, "keys.json"), filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(file, []byte("version: 1\njwks: ["+keys+"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := runNode(t, t.TempDir(), func(c *nodeCmd) { c.Policy = file })
	if got := n.status().KeySets; len(got) != 1 || got[0].Source != keys || got[0].Keys != 0 || !strings.Contains(got[0].Error, "no such file") {
		t.Errorf("without the file: %+v", got)
	}
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":%q}]}`, base64.RawURLEncoding.EncodeToString(public))
	if err := os.WriteFile(keys, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the node to read its key set", func() bool {
		got := n.status().KeySets
		return len(got) == 1 && got[0].Keys == 1 && got[0].Error == ""
	})
	metrics, err := encodeMetrics(n.metrics)
	if err != nil || !bytes.Contains(metrics, []byte("sojourn_jwks_keys{")) {
		t.Errorf("no metric of the keys: %v", err)
	}
}
