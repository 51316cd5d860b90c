package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen is where people read: it knows how wide it is and whether it has colours.
type screen struct {
	io.Writer
	width  int // 0: as wide as the text
	colour bool
}

func newScreen(w io.Writer) *screen {
	s := &screen{Writer: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			s.width = width
		}
	}
	return s
}

// tint is a colour of the terminal (ECMA-48 SGR), for what should catch the eye.
type tint string

const (
	noTint tint = ""
	dim    tint = "2"
	bold   tint = "1"
	red    tint = "31"
	amber  tint = "33"
)

func (s *screen) paint(text string, t tint) string {
	if !s.colour || t == noTint || text == "" {
		return text
	}
	return "\x1b[" + string(t) + "m" + text + "\x1b[0m"
}

// column is one column of a table.
type column struct {
	title string
	right bool // numbers
	// least is the width that the column may be cut to when the screen is narrow;
	// 0 when it is never cut.
	least int
}

// cell is one value; its text is made visible when it is drawn.
type cell struct {
	text string
	tint tint
}

// table draws rows in columns. What does not fit the screen is cut in the columns
// that allow it, and ends in an ellipsis.
type table struct {
	screen  *screen
	columns []column
	widths  []int // of the first page; later pages keep them
}

const (
	columnGap = 2
	// maxColumn is the width that a column which may be cut never exceeds: one long
	// User-Agent must not push everything else out of sight.
	maxColumn = 100
)

// draw prints one page of rows, with the titles above the first.
func (t *table) draw(rows [][]cell) error {
	for _, row := range rows {
		for i := range row {
			row[i].text = visible(row[i].text)
		}
	}
	var out strings.Builder
	if t.widths == nil {
		t.measure(rows)
		titles := make([]cell, len(t.columns))
		for i, c := range t.columns {
			titles[i] = cell{c.title, dim}
		}
		t.line(&out, titles)
	}
	for _, row := range rows {
		t.line(&out, row)
	}
	_, err := io.WriteString(t.screen, out.String())
	return err
}

func (t *table) measure(rows [][]cell) {
	t.widths = make([]int, len(t.columns))
	total := -columnGap
	for i, c := range t.columns {
		t.widths[i] = utf8.RuneCountInString(c.title)
		for _, row := range rows {
			t.widths[i] = max(t.widths[i], utf8.RuneCountInString(row[i].text))
		}
		if c.least > 0 {
			t.widths[i] = min(t.widths[i], maxColumn)
		}
		total += t.widths[i] + columnGap
	}
	if t.screen.width == 0 {
		return
	}
	// Take from the widest column that has anything to give, until all fits.
	for ; total > t.screen.width; total-- {
		widest := -1
		for i, c := range t.columns {
			if c.least > 0 && t.widths[i] > c.least && (widest < 0 || t.widths[i] > t.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		t.widths[widest]--
	}
}

func (t *table) line(out *strings.Builder, row []cell) {
	for i, c := range row {
		text := c.text
		if t.columns[i].least > 0 {
			text = cut(text, t.widths[i])
		}
		pad := strings.Repeat(" ", max(0, t.widths[i]-utf8.RuneCountInString(text)))
		last := i == len(row)-1
		switch {
		case t.columns[i].right:
			out.WriteString(pad + t.screen.paint(text, c.tint))
		case last:
			out.WriteString(t.screen.paint(text, c.tint))
		default:
			out.WriteString(t.screen.paint(text, c.tint) + pad)
		}
		if !last {
			out.WriteString(strings.Repeat(" ", columnGap))
		}
	}
	out.WriteByte('\n')
}

func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(0, width-1)]) + "…"
}

// visible writes what would move the cursor, colour the screen or turn the text
// around as an escape that can be read. Traffic is full of text that others chose.
func visible(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }) {
		return s
	}
	var out strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&out, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			out.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			out.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return out.String()
}

// field is a name and its value; fields without a value are left out.
type field struct{ name, value string }

// printFields prints one field a line.
func printFields(s *screen, fields []field) error {
	widest := 0
	for _, f := range fields {
		widest = max(widest, len(f.name))
	}
	var out strings.Builder
	for _, f := range fields {
		if f.value != "" {
			fmt.Fprintf(&out, "%s%s  %s\n", s.paint(f.name, dim), strings.Repeat(" ", widest-len(f.name)), visible(f.value))
		}
	}
	_, err := io.WriteString(s, out.String())
	return err
}
