package point

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStreamOf(t *testing.T) {
	f := func(media, text string, want stream) {
		t.Helper()
		if got := streamOf(media, []byte(text)); got != want {
			t.Errorf("%s %q: got %d, want %d", media, text, got, want)
		}
	}
	f("application/json", `{"a":1}`, noStream)
	f("application/json", "{\n\"a\":{}\n}", noStream)
	f("application/json", "[{}\n,{}]", noStream)
	f("application/json", "{}\n", noStream)
	f("application/json", "{}\n{}", lineStream)
	f("", "[1]\r\n[2]", lineStream)
	f("application/x-ndjson", "1\n2", lineStream)
	f("text/event-stream", "", eventStream)
	f("", "data: 1\n\n", eventStream)
	f("text/plain", "event: x\ndata: 1\n\n", eventStream)
	f("application/json-seq", "", sequenceStream)
	f("", "\x1e{}", sequenceStream)
}

func TestDocuments(t *testing.T) {
	f := func(kind stream, text string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, documentsOf(kind, text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	f(lineStream, "")
	f(lineStream, "a\r\n\n b\nc", "a\r", " b", "c")
	f(sequenceStream, "\x1ea\n\x1e\x1eb", "a\n", "b")
	f(eventStream, "data: a\n\ndata:b\n\n", "a", "b")
	f(eventStream, "data: a\r\rdata: b\r\n\r\n", "a", "b")
	f(eventStream, "data: a\ndata:  b\nid: 1\ndata\n\n", "a\n b\n")
	f(eventStream, ": comment\nevent: x\n\ndata: a", "a")
	f(lineStream, "\x00\n", "\x00")
	f(eventStream, "database: a\n\ndata\n\ndata: \n\ndatas\n\n")
}

func documentsOf(kind stream, text string) (all []string) {
	d := documents{kind: kind, rest: []byte(text)}
	for {
		doc, ok := d.next()
		if !ok {
			return all
		}
		all = append(all, string(doc))
	}
}

// FuzzEvents holds the reader of events against a plain one, line by line.
func FuzzEvents(f *testing.F) {
	f.Add("data: a\n\ndata: b\r\ndata: c\r\rid: 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
		var want, data []string
		for _, line := range append(strings.Split(lines, "\n"), "") {
			if line == "" {
				if event := strings.Join(data, "\n"); strings.Trim(event, " \t\r\n") != "" {
					want = append(want, event)
				}
				data = nil
			}
			name, value, _ := strings.Cut(line, ":")
			if name == "data" {
				data = append(data, strings.TrimPrefix(value, " "))
			}
		}
		if diff := cmp.Diff(want, documentsOf(eventStream, text)); diff != "" {
			t.Fatalf("%q: %s", text, diff)
		}
	})
}
