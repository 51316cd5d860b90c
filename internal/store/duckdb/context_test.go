package duckdb

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// FuzzContext reads back what was written, and finds exactly the values there are.
func FuzzContext(f *testing.F) {
	f.Add("tenant", "7", "item", `","v":"7`, true)
	f.Add("a", `{"n":"b","v":"c"`, "b", "c", false)
	f.Add("a\\", `\\"`, "\x00", "\u2028<", true)
	f.Fuzz(func(t *testing.T, name, value, otherName, otherValue string, hashed bool) {
		values := []record.Value{
			{Name: store.Text(name), Value: store.Text(value), Hashed: hashed},
			{Name: store.Text(otherValue), Value: store.Text(otherName), Hashed: !hashed},
		}
		text := contextText(values)
		got, err := parseContext(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(values, got); diff != "" {
			t.Errorf("read back (-want +got):\n%s", diff)
		}
		for _, n := range []string{name, value, otherName, otherValue} {
			for _, v := range []string{name, value, otherName, otherValue} {
				want := slices.ContainsFunc(values, func(have record.Value) bool { return have.Name == store.Text(n) && have.Value == store.Text(v) })
				if got := strings.Contains(text, contextSign(n, v)); got != want {
					t.Errorf("%q = %q is found in %s: %v", n, v, text, got)
				}
			}
		}
	})
}

func TestContextNone(t *testing.T) {
	if text := contextText(nil); text != "" {
		t.Errorf("no context is written as %q", text)
	}
	if _, err := parseContext("[{"); err == nil {
		t.Error("a text that is cut is read")
	}
}
