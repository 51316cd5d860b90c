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
		texts := []string{store.Text(name), store.Text(value), store.Text(otherName), store.Text(otherValue)}
		values := []record.Value{
			{Name: texts[0], Value: texts[1], Hashed: hashed},
			{Name: texts[3], Value: texts[2], Hashed: !hashed},
		}
		text := contextText(values)
		got, err := parseContext(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(values, got); diff != "" {
			t.Errorf("read back (-want +got):\n%s", diff)
		}
		for _, n := range texts {
			for _, v := range texts {
				want := slices.ContainsFunc(values, func(have record.Value) bool { return have.Name == n && have.Value == v })
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
