package importer

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

var update = flag.Bool("update", false, "write what the tests got into testdata")

// show prints the fields of an exchange that are set, for expectations.
func show(x *exchange.Exchange, reason string) string {
	if reason != "" {
		return "rejected: " + reason
	}
	var out []string
	add := func(name, value string) {
		if value != "" {
			out = append(out, fmt.Sprintf("%s=%q", name, value))
		}
	}
	if x.Client.IsValid() {
		add("client", x.Client.String())
	}
	out = append(out, "at="+x.Started.Format("2006-01-02T15:04:05.999Z07:00"))
	add("method", x.Method)
	add("scheme", x.Scheme)
	add("host", x.Host)
	add("path", x.Path)
	add("query", x.Query)
	add("proto", x.Proto)
	out = append(out, fmt.Sprintf("status=%d bytes=%d", x.Status, x.ResponseBytes))
	add("referer", x.Header.Get("Referer"))
	add("agent", x.Header.Get("User-Agent"))
	for _, f := range x.Flags {
		out = append(out, string(f))
	}
	return strings.Join(out, " ")
}

// TestLogLines runs testdata/lines.txt: "format: line", then "=> " and what is
// made of it.
func TestLogLines(t *testing.T) {
	path := filepath.Join("testdata", "lines.txt")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for scan := bufio.NewScanner(bytes.NewReader(file)); scan.Scan(); {
		text := scan.Text()
		if strings.HasPrefix(text, "=> ") {
			continue
		}
		fmt.Fprintln(&got, text)
		name, line, ok := strings.Cut(text, ": ")
		if f, err := ParseFormat(name); ok && err == nil {
			x, reason := newLineParser(f).exchange([]byte(line))
			fmt.Fprintln(&got, "=> "+show(x, reason))
		}
	}
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(file), got.String()); diff != "" && !*update {
		t.Error(diff)
	}
}

// A parser is used for many lines: nothing of one may show in the next.
func TestLineParserForgets(t *testing.T) {
	p := newLineParser(VHost)
	full := `shop.example:443 192.0.2.1 - - [20/Nov/2026:10:00:00 +0100] "GET /a?b=c HTTP/1.1" 200 5 "https://r.example/" "agent" x`
	if _, reason := p.exchange([]byte(full)); reason != "" {
		t.Fatal(reason)
	}
	bare := `- host.example - - [20/Nov/2026:10:00:00 +0000] "-" 408 -`
	x, reason := p.exchange([]byte(bare))
	if diff := cmp.Diff(`at=2026-11-20T10:00:00Z status=408 bytes=0 malformed`, show(x, reason)); diff != "" {
		t.Error(diff)
	}
}

func FuzzLogLine(f *testing.F) {
	file, err := os.ReadFile(filepath.Join("testdata", "lines.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for text := range strings.Lines(string(file)) {
		if name, line, ok := strings.Cut(strings.TrimSpace(text), ": "); ok {
			if format, err := ParseFormat(name); err == nil {
				f.Add(int(format), []byte(line))
			}
		}
	}
	parsers := map[Format]*lineParser{}
	for _, format := range []Format{Combined, Common, VHost} {
		parsers[format] = newLineParser(format)
	}
	f.Fuzz(func(t *testing.T, format int, line []byte) {
		p := parsers[Format(format)]
		if p == nil || len(line) > maxLine {
			t.Skip()
		}
		before := string(line)
		x, reason := p.exchange(line)
		if string(line) != before {
			t.Fatal("the line was changed")
		}
		if reason != "" {
			return
		}
		if x.Started.Unix() < 0 || x.Status < 0 || x.Status > 999 || x.ResponseBytes < record.Unknown {
			t.Errorf("out of range: %s", show(x, ""))
		}
		if len(x.Path)+len(x.Query)+len(x.Host)+len(x.Method) > 2*len(line)+1 {
			t.Errorf("more than the line holds: %s", show(x, ""))
		}
		// The same line again, by a parser without memory, reads the same.
		if again, reason := newLineParser(Format(format)).exchange(line); show(again, reason) != show(x, "") {
			t.Errorf("read as %s, then %s", show(x, ""), show(again, reason))
		}
	})
}
