package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"plain text, ümläut, 日本": "plain text, ümläut, 日本",
		"\x1b[31mred":            `\x1b[31mred`,
		"a\r\nb\tc\x00":          `a\r\nb\tc\x00`,
		"\u202egnp.exe":          `\u202egnp.exe`,
		"\u200b\u2028\ufeff":     `\u200b\u2028\ufeff`,
		"\x9b31m":                `\x9b31m`,
		"\u009b31m":              `\u009b31m`,
		"bad \xff\xc3 bytes":     `bad \xff\xc3 bytes`,
		"a \ufffd was here":      "a \ufffd was here",
		"\U000e0041":             `\U000e0041`,
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzVisible(f *testing.F) {
	f.Add("\x1b]0;title\x07\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := visible(s)
		for _, r := range got {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e {
				t.Errorf("visible(%q) = %q lets %q through", s, got, r)
			}
		}
		if visible(got) != got {
			t.Errorf("visible(%q) is not stable", s)
		}
	})
}

func TestTable(t *testing.T) {
	columns := []column{{title: "ID"}, {title: "N", right: true}, {title: "HOST", least: 6}, {title: "AGENT", least: 5}}
	rows := func() [][]cell {
		return [][]cell{
			{{text: "a1"}, {text: "7"}, {text: "shop.example.com"}, {text: "Mozilla/5.0 (X11)"}},
			{{text: "b0"}, {text: "1234"}, {text: "x\x1b[2J"}, {text: "日本語"}},
		}
	}
	for _, tt := range []struct {
		name   string
		screen screen
		want   string
	}{
		{"Wide", screen{}, `
ID     N  HOST              AGENT
a1     7  shop.example.com  Mozilla/5.0 (X11)
b0  1234  x\x1b[2J          日本語
`},
		{"Narrow", screen{width: 32}, `
ID     N  HOST        AGENT
a1     7  shop.exam…  Mozilla/5…
b0  1234  x\x1b[2J    日本語
`},
		{"TooNarrow", screen{width: 5}, `
ID     N  HOST    AGENT
a1     7  shop.…  Mozi…
b0  1234  x\x1b…  日本語
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			tt.screen.Writer = &out
			drawn := &table{screen: &tt.screen, columns: columns}
			if err := drawn.draw(rows()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("Colour", func(t *testing.T) {
		var out strings.Builder
		drawn := &table{screen: &screen{Writer: &out, colour: true}, columns: columns[:2]}
		if err := drawn.draw([][]cell{{{text: "a"}, {"3", red}}}); err != nil {
			t.Fatal(err)
		}
		if want := "\x1b[2mID\x1b[0m  \x1b[2mN\x1b[0m\na   \x1b[31m3\x1b[0m\n"; out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	})
	t.Run("LongCellsAreCut", func(t *testing.T) {
		var out strings.Builder
		drawn := &table{screen: &screen{Writer: &out}, columns: columns}
		long := strings.Repeat("x", 9000)
		if err := drawn.draw([][]cell{{{text: "a"}, {text: "1"}, {text: long}, {text: long}}}); err != nil {
			t.Fatal(err)
		}
		if out.Len() > 1000 {
			t.Errorf("%d bytes for one row", out.Len())
		}
	})
}
