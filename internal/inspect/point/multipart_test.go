package point

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

// inParts is a request whose body is in parts, each a head and a content.
func inParts(texts ...string) *exchange.Exchange {
	var b strings.Builder
	for i := 0; i < len(texts); i += 2 {
		fmt.Fprintf(&b, "--x\r\n%s\r\n\r\n%s\r\n", texts[i], texts[i+1])
	}
	b.WriteString("--x--\r\n")
	return &exchange.Exchange{
		Header:      http.Header{"Content-Type": {"multipart/form-data; boundary=x"}},
		RequestBody: exchange.Body{Bytes: []byte(b.String())},
	}
}

func TestMultipart(t *testing.T) {
	f := func(x *exchange.Exchange, pairs ...string) {
		t.Helper()
		var points []string
		for i := 0; i < len(pairs); i += 2 {
			points = append(points, "request.multipart"+pairs[i])
		}
		e := mustCompile(t, points...)
		var out Result
		e.Request(x, &out)
		for _, n := range out.Notes {
			t.Errorf("%q: %v", x.RequestBody.Bytes, n)
		}
		for i := range points {
			got := "nothing"
			for v := range out.Values(i) {
				got = strings.TrimPrefix(got+"|"+string(v.Text), "nothing|")
			}
			if want := pairs[2*i+1]; got != want {
				t.Errorf("%q\n%s: got %q, want %q", x.RequestBody.Bytes, points[i], got, want)
			}
		}
	}
	const d = "Content-Disposition: form-data; "
	f(inParts(d+`name="a"`, "1", d+`name="f"; filename="x.png"`+"\r\nContent-Type: image/png", "\x89PNG\r\n\r\n--", d+"name=b", "", "Content-Type: text/plain", "no name", d+`name="a"`, "2"),
		`["a"]`, "1", `["a"][1]`, "2", `["a"][*]`, "1|2", `["f"]`, "\x89PNG\r\n\r\n--", `["f"].filename`, "x.png", `["b"]`, "", `["a"].filename`, "nothing", `["c"]`, "nothing",
		`[*]`, "1|\x89PNG\r\n\r\n--||2", `[*].filename`, "x.png")
	// Names with brackets, as in queries.
	f(inParts(d+`name="u[name]"`, "ann", d+`name="u[tags][]"`, "x", d+`name="u[tags][]"`, "y", d+`name="f[]"; filename="1"`, "", d+`name="f[]"; filename="2"`, ""),
		`["u"]["name"]`, "ann", `["u"]["tags"][1]`, "y", `["u"]["tags"][*]`, "x|y", `["f"][1].filename`, "2", `["f"][*].filename`, "1|2", `["f"].filename`, "1", `["u"][*]`, "ann|x|y")
	// The first that is a file gives the file name, a field of that name does not hide it.
	f(inParts(d+`name="f"`, "1", d+`name="f"; filename="2"`, "3"), `["f"].filename`, "2", `["f"]`, "1")
	// Heads as they come.
	for disposition, want := range map[string][2]string{
		`form-data; name="a"; filename=""`:                               {"a", ""},
		`form-data;name=a;filename=x.txt`:                                {"a", "x.txt"},
		`form-data; filename="x.txt"; name="a"`:                          {"a", "x.txt"},
		`FORM-DATA ; NAME = "a" ; FileName = "x;y.txt" ; other`:          {"a", "x;y.txt"},
		`form-data; name="a"; filename="x\"y\\z.txt"`:                    {"a", `x"y\z.txt`},
		`form-data; name="a"; filename="C:\dir\file.txt"`:                {"a", `C:\dir\file.txt`},
		`form-data; name="a"; filename="x%22y.txt"`:                      {"a", "x%22y.txt"},
		`form-data; name="a"; filename="é.txt"`:                          {"a", "é.txt"},
		`form-data; name="a"; filename*=UTF-8''%e2%82%ac%20rates`:        {"a", "€ rates"},
		`form-data; name="a"; filename*=iso-8859-1'en'%E9`:               {"a", "é"},
		`form-data; name="a"; filename*=plain`:                           {"a", "plain"},
		`form-data; name="a"; filename*=UTF-8''b; filename="c"`:          {"a", "c"},
		`attachment; name="a"; filename="../../etc/passwd"`:              {"a", "../../etc/passwd"},
		"form-data; name=\"a\";\r\n filename=\"x.txt\"":                  {"a", "x.txt"},
		"form-data;\r\n\tname=\"a\"\r\nX: y\r\nContent-Type: text/plain": {"a", "nothing"},
		`form-data; name="a"; filename="x`:                               {"a", "x"},
	} {
		f(inParts("content-DISPOSITION:"+disposition, "v"), `["`+want[0]+`"].filename`, want[1], `["`+want[0]+`"]`, "v")
	}
}

func TestMultipartCharsets(t *testing.T) {
	const d = "Content-Disposition: form-data; "
	x := inParts(d+`name="a"`+"\r\nContent-Type: text/plain; charset=iso-8859-1", "\xe9", d+`name="b"`, "\xe9", d+`name="_charset_"`, "windows-1251",
		d+`name="c"`, "\xe9", d+`name="d"; filename="d"`, "\xe9", d+`name="e"`+"\r\nContent-Type: text/plain; charset=\"UTF-8\"", "é")
	want := "request.multipart[\"a\"] = \"é\"\nrequest.multipart[\"b\"] = \"\\xe9\"\nrequest.multipart[\"c\"] = \"й\"\nrequest.multipart[\"d\"] = \"\\xe9\"\nrequest.multipart[\"e\"] = \"é\"\n"
	if diff := cmp.Diff(want, extract(t, x, `request.multipart["a"]`, `request.multipart["b"]`, `request.multipart["c"]`, `request.multipart["d"]`, `request.multipart["e"]`)); diff != "" {
		t.Error(diff)
	}
}

// What the media type says, and what the body says.
func TestMultipartBodies(t *testing.T) {
	f := func(media, body, want string) {
		t.Helper()
		x := &exchange.Exchange{Header: http.Header{}, RequestBody: exchange.Body{Bytes: []byte(body)}}
		if media != "" {
			x.Header.Set("Content-Type", media)
		}
		got := extract(t, x, `request.multipart["a"]`)
		got = strings.TrimSpace(strings.ReplaceAll(strings.TrimPrefix(got, `request.multipart["a"] =`), "request malformed multipart", "!"))
		if got != want {
			t.Errorf("%s %q: got %s, want %s", media, body, got, want)
		}
	}
	const head = "Content-Disposition: form-data; name=a\r\n\r\n"
	good := "--x\r\n" + head + "1\r\n--x--"
	f("multipart/form-data; boundary=x", good, `"1"`)
	f(`Multipart/Form-Data; charset=utf-8; Boundary="x"`, good, `"1"`)
	f("multipart/mixed; boundary=x", good+"\r\nepilogue\r\n--x\r\n"+head+"2", `"1"`)
	f("multipart/form-data; boundary=x", "preamble --x\r\n--xy\r\n\r\n"+good, `"1"`)
	f("multipart/form-data; boundary=x", strings.ReplaceAll(good, "\r", ""), `"1"`)
	f("multipart/form-data; boundary=x", "--x \t\r\n"+head+"1\r\n--xx\r\n --x\r\n-\n--x--\r\n--x \r\n"+head+"2\r\n--x--", `"1\r\n--xx\r\n --x\r\n-\n--x--"`)
	f("multipart/form-data; boundary=x", "--x\r\n"+head+"--x--", `""`)
	f("multipart/form-data; boundary=x", "--x\r\n"+head+"\r\n--x--", `""`)
	f("multipart/form-data; boundary=x", "--x\r\n\r\nno head\r\n"+good, `"1"`)
	f("multipart/form-data; boundary=x", "--x--", ``)
	f("", good, `"1"`)
	f("application/json", good, `"1"`)
	f("application/json", "-- x", ``)
	f("multipart/form-data", good, "\"1\"\n!: no boundary is declared")
	f("multipart/form-data; boundary=y", good, "\"1\"\n!: the declared boundary does not occur")
	f("multipart/form-data; boundary=y", "{}", "!: the declared boundary does not occur")
	f("multipart/form-data; boundary=x", "--x\r\n"+head+"1", "\"1\"\n! at 48: a part does not end")
	f("multipart/form-data; boundary=x", "--x\r\nContent-Type: a\r\n"+good, "\"1\"\n! at 27: the head of a part does not end")
	x := inParts("Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b", "1", `Content-Disposition: form-data; name="c"; name="b"`, "2")
	want := "request.multipart[\"a\"] = \"1\"\nrequest.multipart[\"b\"] =\nrequest.multipart[\"c\"] = \"2\"\nrequest duplicate multipart: Content-Disposition\nrequest duplicate multipart: name\n"
	if diff := cmp.Diff(want, extract(t, x, `request.multipart["a"]`, `request.multipart["b"]`, `request.multipart["c"]`)); diff != "" {
		t.Error(diff)
	}
}

// Of a body that was cut, a value that may go on does not count; the name of its
// file does.
func TestMultipartTruncated(t *testing.T) {
	x := inParts(`Content-Disposition: form-data; name="a"`, "1", `Content-Disposition: form-data; name="f"; filename="n"`, "12345")
	whole := x.RequestBody.Bytes
	for cut := len(whole) - len("5\r\n--x--\r\n"); cut > bytes.Index(whole, []byte(`"n"`))+7; cut-- {
		x.RequestBody = exchange.Body{Bytes: whole[:cut], Truncated: true}
		want := "request.multipart[\"a\"] = \"1\"\nrequest.multipart[\"f\"] =\nrequest.multipart[\"f\"].filename = \"n\"\nrequest limit body: body\n"
		if diff := cmp.Diff(want, extract(t, x, `request.multipart["a"]`, `request.multipart["f"]`, `request.multipart["f"].filename`)); diff != "" {
			t.Errorf("cut at %d: %s", cut, diff)
		}
	}
}

func TestMultipartBombs(t *testing.T) {
	f := func(name, body string, limit Limit, points ...string) {
		t.Helper()
		x := &exchange.Exchange{Header: http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, RequestBody: exchange.Body{Bytes: []byte(body)}}
		testBomb(t, name, x, limit, points...)
	}
	const head = "Content-Disposition: form-data; name="
	f("parts", strings.Repeat("--x\r\n"+head+"a\r\n\r\n1\r\n", 100_000), LimitParameters, `request.multipart["a"][*]`)
	f("nested names", strings.Repeat("--x\r\n"+head+"a[][b][]\r\n\r\n1\r\n", 100_000), LimitParameters, `request.multipart["a"][*]["b"][*]`)
	f("charsets", "--x\r\n"+head+"_charset_\r\n\r\nutf-16\r\n"+strings.Repeat("--x\r\n"+head+"a\r\n\r\n"+strings.Repeat("1", 4_000)+"\r\n", 4_000)+"--x--", LimitDecoded, `request.multipart["a"][*]`)
	f("long value", "--x\r\n"+head+"a\r\n\r\n"+strings.Repeat("1", 1<<20)+"\r\n--x--", LimitValueBytes, `request.multipart["a"]`)
	// These meet no limit of their own: what they ask for is linear in the body,
	// which is bounded; the value that they end with shows that they were read.
	last := "--x\r\n" + head + "z\r\n\r\n" + strings.Repeat("1", DefaultLimits().ValueBytes+1) + "\r\n--x--"
	f("no heads", strings.Repeat("--x\r\n\r\n", 4_000)+strings.Repeat("--x\r\na\r\n", 100_000)+last, LimitValueBytes, `request.multipart["z"]`)
	f("almost delimiters", "--x\r\n\r\n"+strings.Repeat("\r\n--x-", 200_000)+"\r\n"+last, LimitValueBytes, `request.multipart["z"]`)
	f("folds", "--x\r\nA: "+strings.Repeat("\r\n ", 300_000)+"\r\n\r\n\r\n"+last, LimitValueBytes, `request.multipart["z"]`)
	f("disposition", "--x\r\n"+head+strings.Repeat(`;"`, 500_000)+"\r\n\r\n\r\n"+last, LimitValueBytes, `request.multipart["z"]`)
}

// FuzzMultipart holds the parts against mime/multipart.
func FuzzMultipart(f *testing.F) {
	for _, seed := range []string{
		"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n", "--x\nContent-Disposition: form-data; name=a; filename=\"b c\"\n\n1\n2\n--x\n\n--x--",
		"pre\r\n--x \r\nA: b\r\n c\r\nContent-Disposition: form-data;\r\n name=\"a[b]\"\r\n\r\n--x--", "--x\r\n\r\n\r\n--xy\r\n--x-\r\n--x--\r\n", "--x\r\n\r\nabc",
	} {
		f.Add(seed)
	}
	e := mustCompile(f, `request.multipart[*]`, `request.multipart[*].filename`, `request.multipart["a"]["b"]`)
	f.Fuzz(func(t *testing.T, text string) {
		var out Result
		x := &exchange.Exchange{Header: http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, RequestBody: exchange.Body{Bytes: []byte(text)}}
		e.Request(x, &out) // must not panic, whatever it finds
		r := out.begin(e, Request, x)
		r.openBody()
		var got []part
		before := len(out.Notes)
		for all := r.parts(); ; {
			p, ok := all.next()
			if !ok {
				break
			}
			if !strings.Contains(text, string(p.content)) {
				t.Fatalf("%q: content %q", text, p.content)
			}
			got = append(got, p)
		}
		want, ok := libraryParts(text)
		// The library takes a delimiter also behind an empty line that ends otherwise.
		mixed := strings.Contains(text, "\r\n") && strings.Contains(text, "\n\n--x")
		if !ok || mixed || len(out.Notes) > before {
			return
		}
		var mine []libraryPart
		for i, p := range got {
			one := libraryPart{p.name, string(p.content)}
			if i < len(want) && want[i].Name == unknownName {
				one.Name = unknownName
			}
			mine = append(mine, one)
		}
		if diff := cmp.Diff(want, mine); diff != "" {
			t.Fatalf("%q (-mime/multipart +got):\n%s", text, diff)
		}
	})
}

type libraryPart struct{ Name, Content string }

// unknownName is the name of a part whose disposition is not plain: the library
// takes some for none and decodes others further.
const unknownName = "?"

// libraryParts are the parts that the library finds; ok is false where it finds
// something wrong.
func libraryParts(text string) (all []libraryPart, ok bool) {
	for r := multipart.NewReader(strings.NewReader(text), "x"); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return all, true
		}
		if err != nil {
			return nil, false
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return nil, false
		}
		one := libraryPart{unknownName, string(content)}
		if isPlain(p.Header.Get("Content-Disposition")) {
			one.Name = p.FormName()
		}
		all = append(all, one)
	}
}

func isPlain(disposition string) bool {
	rest, ok := strings.CutPrefix(disposition, `form-data; name="`)
	name, rest, more := strings.Cut(rest, `"`)
	for _, c := range name {
		ok = ok && c >= ' ' && c < 0x7f && c != '\\'
	}
	return ok && more && rest == ""
}

func BenchmarkMultipart(b *testing.B) {
	x := typicalMultipart(4 << 10)
	e := mustCompile(b, `request.multipart["user"]["email"]`, `request.multipart["token"]`, `request.multipart["file"].filename`)
	var out Result
	b.SetBytes(int64(len(x.RequestBody.Bytes)))
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		e.Request(x, &out)
	}
	for i := range e.Points() {
		if _, ok := out.First(i); !ok {
			b.Errorf("%s found nothing", e.Points()[i])
		}
	}
}

func BenchmarkMultipartLibrary(b *testing.B) {
	x := typicalMultipart(4 << 10)
	b.SetBytes(int64(len(x.RequestBody.Bytes)))
	b.ReportAllocs()
	for b.Loop() {
		for r := multipart.NewReader(bytes.NewReader(x.RequestBody.Bytes), "x"); ; {
			p, err := r.NextRawPart()
			if err != nil {
				break
			}
			p.FormName()
			p.FileName()
		}
	}
}

// typicalMultipart is an upload of about so many bytes.
func typicalMultipart(size int) *exchange.Exchange {
	const d = "Content-Disposition: form-data; "
	return inParts(d+`name="token"`, "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c", d+`name="user[name]"`, "Ann", d+`name="user[email]"`, "ann@example.com",
		d+`name="file"; filename="me.png"`+"\r\nContent-Type: image/png", strings.Repeat("\x00\x01\xfe\r\n-", size/6), d+`name="agree"`, "on")
}
