package duckdb

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// FuzzMore reads back what was written, and finds exactly the methods and names
// there are.
func FuzzMore(f *testing.F) {
	f.Add("tools/call", "search", "ping", `","n":"search`, -32602)
	f.Add("a", `{"m":"b`, "b", `"m":`, 0)
	f.Add("a\\", `\\"n":"`, "\x00", "\u2028<", 7)
	f.Add("", "", "", "", 0)
	f.Fuzz(func(t *testing.T, method, name, otherMethod, otherName string, code int) {
		texts := []string{store.Text(method), store.Text(name), store.Text(otherMethod), store.Text(otherName)}
		messages := []record.MCPMessage{
			{Method: texts[0], Name: texts[1], Error: code, From: record.FromClient},
			{Method: texts[2], Trace: texts[3]},
			{Name: texts[3], From: record.FromServer},
		}
		text := moreText(messages)
		got, err := parseMore(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(messages, got); diff != "" {
			t.Errorf("read back (-want +got):\n%s", diff)
		}
		for _, wanted := range slices.Concat(texts, []string{text, "m", "search"}) {
			if wanted == "" {
				continue
			}
			for member, of := range map[string]func(record.MCPMessage) string{
				moreMethod: func(m record.MCPMessage) string { return m.Method },
				moreName:   func(m record.MCPMessage) string { return m.Name },
			} {
				want := slices.ContainsFunc(messages, func(m record.MCPMessage) bool { return of(m) == wanted })
				if got := strings.Contains(text, moreSign(member, wanted)); got != want {
					t.Errorf("%s %q is found in %s: %v", member, wanted, text, got)
				}
				some := slices.ContainsFunc(messages, func(m record.MCPMessage) bool { return of(m) != "" })
				if got := strings.Contains(text, member); got != some {
					t.Errorf("any %s is found in %s: %v", member, text, got)
				}
			}
		}
	})
}

func TestMoreNone(t *testing.T) {
	if text := moreText(nil); text != "" {
		t.Errorf("no messages are written as %q", text)
	}
	if text := moreText(make([]record.MCPMessage, 2)); text != "[{},{}]" {
		t.Errorf("messages that tell nothing are written as %q", text)
	}
	if _, err := parseMore("[{"); err == nil {
		t.Error("a text that is cut is read")
	}
}
