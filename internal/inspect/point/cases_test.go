package point

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

var update = flag.Bool("update", false, "write what the points find into the cases")

// TestCases runs testdata/*.txt. A file holds cases behind lines of "=== name";
// a case has three parts, divided by lines of "---": a raw exchange (a request,
// and behind a line of ">>>" its response), points one a line, and what they find
// as `go test -update` writes it. In a body, \xHH stands for a byte and a line
// that ends with \ goes on in the next; the length of a body is not written.
func TestCases(t *testing.T) {
	for _, file := range caseFiles(t) {
		head, cases := readCases(t, file)
		var all strings.Builder
		all.WriteString(head)
		for i, c := range cases {
			got := extract(t, parseCase(t, c.exchange), c.points...)
			if diff := cmp.Diff(c.want, got); diff != "" && !*update {
				t.Errorf("%s: %s (-want +got):\n%s", filepath.Base(file), c.name, diff)
			}
			if i > 0 || head != "" {
				all.WriteString("\n")
			}
			fmt.Fprintf(&all, "=== %s\n%s\n---\n%s\n---\n%s", c.name, c.exchange, strings.Join(c.points, "\n"), got)
		}
		if *update {
			if err := os.WriteFile(file, []byte(all.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What a point finds does not depend on what other points ask for.
func TestCasesPointByPoint(t *testing.T) {
	for _, file := range caseFiles(t) {
		_, cases := readCases(t, file)
		for _, c := range cases {
			x := parseCase(t, c.exchange)
			together := strings.Split(extract(t, x, c.points...), "\n")
			for i, p := range c.points {
				if alone, _, _ := strings.Cut(extract(t, x, p), "\n"); alone != together[i] {
					t.Errorf("%s: %s: alone %s, together %s", filepath.Base(file), c.name, alone, together[i])
				}
			}
		}
	}
}

type textCase struct {
	name, exchange, want string
	points               []string
}

func caseFiles(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no cases: %v", err)
	}
	return files
}

// readCases returns what stands before the first case, and the cases.
func readCases(tb testing.TB, file string) (head string, all []textCase) {
	tb.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	head, cases, _ := strings.Cut("\n"+string(text), "\n=== ")
	for _, c := range strings.Split(cases, "\n=== ") {
		name, rest, _ := strings.Cut(c, "\n")
		parts := strings.Split(rest, "\n---\n")
		if len(parts) < 2 {
			tb.Fatalf("%s: case %q has no points", file, name)
		}
		one := textCase{name: name, exchange: parts[0], points: strings.Split(strings.TrimSpace(parts[1]), "\n")}
		if len(parts) > 2 {
			one.want = strings.TrimRight(parts[2], "\n") + "\n"
		}
		all = append(all, one)
	}
	return strings.TrimPrefix(head, "\n"), all
}

func parseCase(tb testing.TB, text string) *exchange.Exchange {
	tb.Helper()
	request, response, answered := strings.Cut(text, "\n>>>\n")
	var x exchange.Exchange
	line, header, body := parseMessage(tb, request)
	fields := strings.Fields(line)
	if len(fields) != 3 {
		tb.Fatalf("no request line: %q", line)
	}
	x.Method, x.Proto, x.Scheme = fields[0], fields[2], "https"
	x.Path, x.Query, _ = strings.Cut(fields[1], "?")
	x.Host = header.Get("Host")
	header.Del("Host")
	x.Header, x.RequestBody.Bytes = header, body
	if answered {
		line, x.ResponseHeader, x.ResponseBody.Bytes = parseMessage(tb, response)
		status, err := strconv.Atoi(strings.Fields(line)[1])
		if err != nil {
			tb.Fatal(err)
		}
		x.Status = status
	}
	return &x
}

func parseMessage(tb testing.TB, text string) (line string, header http.Header, body []byte) {
	tb.Helper()
	head, raw, _ := strings.Cut(text, "\n\n")
	line, fields, _ := strings.Cut(head, "\n")
	header = make(http.Header)
	for _, field := range strings.Split(fields, "\n") {
		if name, value, ok := strings.Cut(field, ":"); ok {
			header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	r := bufio.NewReader(strings.NewReader(strings.ReplaceAll(raw, "\\\n", "")))
	var out bytes.Buffer
	for {
		c, err := r.ReadByte()
		if err == io.EOF {
			return line, header, out.Bytes()
		}
		if next, err := r.Peek(3); c == '\\' && err == nil && next[0] == 'x' {
			if v, err := strconv.ParseUint(string(next[1:]), 16, 8); err == nil {
				out.WriteByte(byte(v))
				r.Discard(3)
				continue
			}
		}
		out.WriteByte(c)
	}
}
