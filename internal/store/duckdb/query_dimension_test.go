package duckdb

import (
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// FuzzContextValues: the values found in the text of a context are those that the
// request had.
func FuzzContextValues(f *testing.F) {
	f.Add("tenant", "7", "item", `{"n":"tenant","v":"8"}`, false)
	f.Add(`na"me`, `\"`, `na\"me`, "", true)
	f.Add("", "", "", "x", false)
	f.Fuzz(func(t *testing.T, name, value, other, text string, hashed bool) {
		name, value, other, text = store.Text(name), store.Text(value), store.Text(other), store.Text(text)
		r := record.Request{Context: []record.Value{{Name: other, Value: text, Hashed: hashed}, {Name: name, Value: value}, {Name: other, Value: value}, {Name: name, Value: text}}}
		field, _, _ := store.FieldOf("context.x")
		for _, asked := range []string{name, other, "nothing"} {
			want := field.Values(&r, asked)
			var got []string
			err := contextValues(contextText(r.Context), contextName(asked), func(v string) {
				if v = strings.Clone(v); !slices.Contains(got, v) {
					got = append(got, v)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if got == nil {
				got = []string{""}
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%q of %s (-want +got):\n%s", asked, contextText(r.Context), diff)
			}
		}
	})
}

// TestWords: each text has one number, what does not contain the part has none.
func TestWords(t *testing.T) {
	w := &words{contains: "A", numbers: map[string]uint32{}}
	word := func(s string) uint32 { return w.text(s) }
	if a, b := word("xa"), word("Ay"); a != 0 || b != 1 || word("xa") != 0 || word("b") != dropped {
		t.Errorf("words have the numbers %d, %d, %d, %d", a, b, word("xa"), word("b"))
	}
	if want := []string{"xa", "Ay"}; !slices.Equal(w.texts, want) {
		t.Errorf("texts are %q, want %q", w.texts, want)
	}
}
