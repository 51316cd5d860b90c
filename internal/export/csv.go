package export

import (
	"io"
	"strings"
	"unicode/utf8"
)

// csvColumn is a column of a table. Text that others chose is made harmless;
// numbers and the like are what they are.
type csvColumn[T any] struct {
	name string
	text func(*T) string
	safe bool // our own notation, such as a number: never a formula
}

// csvWriter writes a table as RFC 4180 has it, with a line of names first.
type csvWriter[T any] struct {
	w       io.Writer
	columns []csvColumn[T]
	named   bool
	lines   []byte // reused
}

func newCSV[T any](w io.Writer, columns []csvColumn[T]) *csvWriter[T] {
	return &csvWriter[T]{w: w, columns: columns}
}

// Write implements Writer.
func (c *csvWriter[T]) Write(rows []T) error {
	c.lines = c.lines[:0]
	if !c.named {
		c.named = true
		for i, column := range c.columns {
			c.cell(i, column.name)
		}
	}
	for r := range rows {
		for i, column := range c.columns {
			text := column.text(&rows[r])
			if !column.safe {
				text = harmless(text)
			}
			c.cell(i, text)
		}
	}
	_, err := c.w.Write(c.lines)
	return err
}

// Close implements Writer. A table without rows still has its names.
func (c *csvWriter[T]) Close() error {
	if c.named {
		return nil
	}
	return c.Write(nil)
}

func (c *csvWriter[T]) cell(column int, text string) {
	if column > 0 {
		c.lines = append(c.lines, ',')
	}
	c.lines = appendCell(c.lines, text)
	if column == len(c.columns)-1 {
		c.lines = append(c.lines, "\r\n"...)
	}
}

// appendCell quotes text where it would not be read back as one cell: RFC 4180
// §2, and spaces at the ends, which some readers trim. Some spreadsheets take a
// semicolon or a tab for a comma.
func appendCell(b []byte, text string) []byte {
	if !strings.ContainsAny(text, ",\"\r\n;\t") && strings.TrimSpace(text) == text {
		return append(b, text...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(text, `"`, `""`)...)
	return append(b, '"')
}

// harmless puts an apostrophe before text that a spreadsheet would take for a
// formula, also behind spaces, and after a separator that some split cells at
// (https://owasp.org/www-community/attacks/CSV_Injection). Text that is not
// UTF-8 gets replacement characters.
func harmless(text string) string {
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	if startsFormula(text) {
		text = "'" + text
	}
	if !strings.ContainsAny(text, ";\t") {
		return text
	}
	var out strings.Builder
	for i, r := range text {
		out.WriteRune(r)
		if (r == ';' || r == '\t') && startsFormula(text[i+1:]) {
			out.WriteByte('\'')
		}
	}
	return out.String()
}

// startsFormula knows the signs, their full-width forms, and control characters
// that are skipped or that begin a cell.
func startsFormula(text string) bool {
	text = strings.TrimLeft(text, " \u00a0\"")
	r, _ := utf8.DecodeRuneInString(text)
	return text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", r)
}
