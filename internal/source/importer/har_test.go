package importer

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

// showHAR prints all of an exchange.
func showHAR(x *exchange.Exchange, reason string) string {
	out := show(x, reason)
	if reason != "" {
		return out + "\n"
	}
	out += fmt.Sprintf("\n  took %d us, first byte %d us, request %d bytes\n", x.Duration, x.FirstByte, x.RequestBytes)
	if x.JA4+x.Fingerprint != "" {
		out += fmt.Sprintf("  JA4 %s, fingerprint %s\n", x.JA4, x.Fingerprint)
	}
	for _, name := range slices.Sorted(maps.Keys(x.Header)) {
		out += fmt.Sprintf("  > %s: %s\n", name, strings.Join(x.Header[name], " | "))
	}
	if len(x.RequestBody.Bytes) > 0 {
		out += fmt.Sprintf("  > %q\n", x.RequestBody.Bytes)
	}
	for _, name := range slices.Sorted(maps.Keys(x.ResponseHeader)) {
		out += fmt.Sprintf("  < %s: %s\n", name, strings.Join(x.ResponseHeader[name], " | "))
	}
	if len(x.ResponseBody.Bytes) > 0 {
		out += fmt.Sprintf("  < %q\n", x.ResponseBody.Bytes)
	}
	return out
}

// readHAR prints all entries and the final error.
func readHAR(r io.Reader) string {
	var out strings.Builder
	for h := newHARReader(r); ; {
		x, reason, err := h.next()
		if err != nil {
			fmt.Fprintf(&out, "%v\n", err)
			return out.String()
		}
		fmt.Fprintf(&out, "%d: %s", h.n, showHAR(x, reason))
	}
}

// TestHAR reads testdata/*.har; beside each lies what is made of it.
func TestHAR(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.har"))
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata/*.har", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			got := readHAR(file)
			wanted := strings.TrimSuffix(path, ".har") + ".txt"
			if *update {
				if err := os.WriteFile(wanted, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(wanted)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const harEntryText = `{"startedDateTime":"2026-11-20T10:00:00.000Z","time":5,` +
	`"request":{"method":"POST","url":"http://a.example/b","headers":[],"postData":{"text":%q}},` +
	`"response":{"status":200,"headers":[],"content":{"text":%q}}}`

func TestHARBroken(t *testing.T) {
	entry := fmt.Sprintf(harEntryText, "", "")
	whole := `{"log":{"version":"1.2","entries":[` + entry + `,` + entry + `]}}`
	for _, tc := range []struct {
		name, text string
		entries    int
		want       string
	}{
		{"whole", whole, 2, "EOF"},
		{"in the second entry", whole[:len(whole)-10], 1, "the file breaks off after entry 1"},
		{"after the last entry", whole[:len(whole)-1], 2, "the file breaks off after entry 2"},
		{"bad JSON", strings.Replace(whole, `},{"started`, `},{started`, 1), 1, "no valid JSON after entry 1"},
		{"no entries", `{"log":{"version":"1.2"}}`, 0, "no HAR"},
		{"entries that are none", `{"log":{"entries":{}}}`, 0, "no HAR"},
		{"another JSON", `{"remote_addr":"192.0.2.1"}` + "\n{}", 0, "no HAR"},
		{"no JSON", `hello`, 0, "no valid JSON after entry 0"},
		{"nothing", ``, 0, "the file breaks off after entry 0"},
		{"entries first", `{"log":{"entries":[` + entry + `],"version":"1.2"},"x":1}`, 1, "EOF"},
	} {
		h := newHARReader(strings.NewReader(tc.text))
		var err error
		for err == nil {
			_, _, err = h.next()
		}
		if int(h.n) != tc.entries || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %d entries, %v", tc.name, h.n, err)
		}
	}
}

// Bodies of any length need bounded memory, and are flagged as cut.
func TestHARMemoryIsBounded(t *testing.T) {
	before, after, _ := strings.Cut(fmt.Sprintf(harEntryText, "", "@"), "@")
	const size = 48 << 20
	r := io.MultiReader(strings.NewReader(`{"log":{"entries":[`+before), io.LimitReader(endless{}, size), strings.NewReader(after+`]}}`))
	var start, end runtime.MemStats
	runtime.ReadMemStats(&start)
	h := newHARReader(r)
	x, reason, err := h.next()
	runtime.ReadMemStats(&end)
	if reason != "" || err != nil {
		t.Fatal(reason, err)
	}
	if len(x.ResponseBody.Bytes) != bodyLimit || !x.ResponseBody.Truncated {
		t.Errorf("kept %d bytes, truncated %v", len(x.ResponseBody.Bytes), x.ResponseBody.Truncated)
	}
	if used := end.TotalAlloc - start.TotalAlloc; used > 16<<20 {
		t.Errorf("%d bytes for a body of %d", used, size)
	}
}

func TestHARFieldsAreBounded(t *testing.T) {
	fields := strings.Repeat(`{"name":"X-A","value":"`+strings.Repeat("v", 1000)+`"},`, 10000) + `{}`
	text := strings.Replace(fmt.Sprintf(harEntryText, "", ""), `"headers":[]`, `"headers":[`+fields+`]`, 1)
	x, reason, err := newHARReader(strings.NewReader(`{"log":{"entries":[` + text + `]}}`)).next()
	if reason != "" || err != nil {
		t.Fatal(reason, err)
	}
	if n := len(x.Header["X-A"]); n == 0 || n*1000 > maxHARHeaders || len(x.Flags) != 1 {
		t.Errorf("kept %d headers, flags %v", n, x.Flags)
	}
}

func FuzzHAR(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join("testdata", "*.har"))
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"log":{"entries":[` + fmt.Sprintf(harEntryText, "a", "b") + `]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		h := newHARReader(strings.NewReader(string(text)))
		for {
			x, reason, err := h.next()
			if err != nil {
				break
			}
			if (x == nil) != (reason != "") {
				t.Fatalf("entry %d: %v, reason %q", h.n, x, reason)
			}
			if x == nil {
				continue
			}
			if x.Started.Unix() < 0 || x.Status < 0 || x.Status > 999 || x.Duration < -1 || x.FirstByte < -1 || x.ResponseBytes < -1 || x.RequestBytes < -1 {
				t.Errorf("out of range: %s", showHAR(x, ""))
			}
			if len(x.RequestBody.Bytes) > bodyLimit || len(x.ResponseBody.Bytes) > bodyLimit {
				t.Error("a body over its limit")
			}
		}
		if h.n > uint64(len(text)) {
			t.Errorf("%d entries in %d bytes", h.n, len(text))
		}
	})
}
