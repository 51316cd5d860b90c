package export

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

func TestCSV(t *testing.T) {
	var out bytes.Buffer
	w, err := Requests(CSV, &out)
	if err != nil {
		t.Fatal(err)
	}
	rows := []record.Request{{
		Path: "=cmd|' /C calc'!A0", Query: "a=1,\"2\"\r\n", UserAgent: "@x", Status: 200, Duration: record.Unknown, RequestBytes: 0,
		MCP: &record.MCP{Error: -32601, More: []record.MCPMessage{{Method: "tools/call", Name: "search"}, {Method: "=x"}}}, Context: []record.Value{{Name: "q", Value: "a=b&c"}, {Name: "t", Value: "-7"}}, Flags: []record.Flag{"cut", "blocked"},
	}}
	if err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "id,session,client,started,") || !strings.HasSuffix(out.String(), "\r\n") {
		t.Errorf("document %q", out.String())
	}
	table, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(table) != 2 {
		t.Fatalf("%v, %d lines", err, len(table))
	}
	got := map[string]string{}
	for i, name := range table[0] {
		got[name] = table[1][i]
	}
	want := map[string]string{
		"path": "'=cmd|' /C calc'!A0", "query": "a=1,\"2\"\n", "user_agent": "'@x", "status": "200", "duration_us": "", "request_bytes": "0", // the reader makes \n of \r\n
		"mcp_error": "-32601", "mcp_more": "tools/call search\n=x", "context": "q=a%3Db%26c&t=-7", "flags": "cut blocked", "ip": "", "host": "",
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is %q, want %q", name, got[name], text)
		}
	}
}

func TestCSV_Empty(t *testing.T) {
	var out bytes.Buffer
	w, err := Parts(CSV, &out)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil || strings.Count(out.String(), "\r\n") != 1 || !strings.HasPrefix(out.String(), "id,part,") {
		t.Errorf("%v, %q", err, out.String())
	}
}

func TestHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a", "a=b": "a=b", "2026-11-21": "2026-11-21", "é=": "é=",
		"=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\t=": "'\t'=", "\r": "'\r", "\n=1": "'\n=1",
		"  =1": "'  =1", "\u00a0@": "'\u00a0@", "＝1": "'＝1", "\"=1": "'\"=1",
		"a;=1": "a;'=1", "a\t@x;b": "a\t'@x;b", "a; -1": "a;' -1", "\xff=": "\ufffd=",
	} {
		if got := harmless(in); got != want {
			t.Errorf("harmless(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzCSV checks that any texts come back as as many cells, that none of them is a
// formula, and that what was no formula is unchanged.
func FuzzCSV(f *testing.F) {
	f.Add("=1+1", "a,\"b\"\r\n")
	f.Add("\t\t=x;=y", " -")
	f.Add("\xff\xfe", "＝;＋\t－")
	f.Fuzz(func(t *testing.T, a, b string) {
		columns := []csvColumn[[2]string]{
			{"a", func(r *[2]string) string { return r[0] }, false},
			{"b", func(r *[2]string) string { return r[1] }, false},
		}
		var out bytes.Buffer
		if err := newCSV(&out, columns).Write([][2]string{{a, b}}); err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(out.Bytes()) {
			t.Errorf("not UTF-8: %q", out.Bytes())
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[1]) != 2 {
			t.Fatalf("%q, %q: read back as %q, %v", a, b, rows, err)
		}
		for i, text := range []string{a, b} {
			cell := rows[1][i]
			for part := range strings.FieldsFuncSeq(cell, func(r rune) bool { return r == ';' || r == '\t' }) {
				if trimmed := strings.TrimLeft(part, " \u00a0\""); trimmed != "" && strings.ContainsAny(trimmed[:1], "=+-@") {
					t.Errorf("%q became %q, where %q is a formula", text, cell, part)
				}
			}
			plain := strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\r\n", "\n"), "'", "")
			if diff := cmp.Diff(plain, strings.ReplaceAll(cell, "'", "")); diff != "" {
				t.Errorf("%q lost something: %s", text, diff)
			}
		}
	})
}
