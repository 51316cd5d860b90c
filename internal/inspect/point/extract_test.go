package point

import (
	"bytes"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

// An extractor may be used on many goroutines, and no result shows what stands
// in another exchange.
func TestExtractorIsShared(t *testing.T) {
	e := mustCompile(t, `request.json["n"]`, `request.query["n"]`)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			var out Result
			for i := range 200 {
				out.Reset()
				n := strconv.Itoa(g*1000 + i)
				e.Request(&exchange.Exchange{Query: "n=" + n, RequestBody: exchange.Body{Bytes: []byte(`{"n":` + n + `}`)}}, &out)
				for p := range 2 {
					if v, _ := out.First(p); string(v.Text) != n {
						t.Errorf("got %q, want %s", v.Text, n)
					}
				}
			}
		})
	}
	all.Wait()
}

func TestNoWorkWithoutPoints(t *testing.T) {
	e := mustCompile(t, `request.header["A"]`)
	var out Result
	x := &exchange.Exchange{Status: 200, Query: "a=1", RequestBody: exchange.Body{Bytes: []byte(`{"broken`)}, ResponseBody: exchange.Body{Bytes: []byte(`{"broken`)}}
	e.Request(x, &out)
	e.Response(x, &out)
	if len(out.Notes) > 0 || out.run.document > 0 {
		t.Errorf("read what nobody asked for: %v", out.Notes)
	}
	if n := testing.AllocsPerRun(100, func() { out.Reset(); e.Request(x, &out); e.Response(x, &out) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTruncatedBody(t *testing.T) {
	f := func(x exchange.Exchange, want string) {
		t.Helper()
		x.RequestBody.Truncated = true
		if diff := cmp.Diff(want+"request limit body: body\n", extract(t, &x, `request.json["a"]`)); diff != "" {
			t.Error(diff)
		}
	}
	for _, text := range []string{`{"a":"1","b`, `{"a":"1","b":"\`, `{"a":"1","b":"\u00`, `{"a":"1","b":tr`, `{"a":"1","b":-`, `{"a":"1",`, `{"a":"1"`} {
		f(exchange.Exchange{RequestBody: exchange.Body{Bytes: []byte(text)}}, "request.json[\"a\"] = \"1\"\n")
	}
	packed := pack(t, "gzip", []byte(typicalJSON(20_000)))
	got := extract(t, &exchange.Exchange{
		Header:      http.Header{"Content-Encoding": {"gzip"}},
		RequestBody: exchange.Body{Bytes: packed[:len(packed)/2], Truncated: true},
	}, `request.json["token"]`)
	if want := "request.json[\"token\"] = \"9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c\"\nrequest limit body: body\n"; got != want {
		t.Error(got)
	}
}

// Bombs end at their limits.
func TestBombs(t *testing.T) {
	f := func(name string, x *exchange.Exchange, limit Limit, points ...string) {
		t.Helper()
		testBomb(t, name, x, limit, points...)
	}
	body := func(text []byte, coding ...string) *exchange.Exchange {
		x := &exchange.Exchange{RequestBody: exchange.Body{Bytes: text}}
		if len(coding) > 0 {
			x.Header = http.Header{"Content-Encoding": coding}
		}
		return x
	}
	zeros := make([]byte, 16<<20)
	for i := range zeros {
		zeros[i] = '['
	}
	// 10 MB that inflate to 10 GB: members of gzip, one behind the other.
	one := pack(t, "gzip", zeros)
	f("gzip", body(bytes.Repeat(one, 10<<20/len(one)), "gzip"), LimitInflated, `request.json["a"]`)
	f("gzip of gzip", body(pack(t, "gzip", bytes.Repeat(one, 100)), "gzip, gzip"), LimitInflateRatio, `request.json["a"]`)
	f("deflate", body(pack(t, "deflate", zeros), "deflate"), LimitInflated, `request.json["a"]`)
	for _, c := range []string{"br", "zstd"} {
		f(c, body(pack(t, c, zeros), c), LimitInflateRatio, `request.json["a"]`)
	}
	f("nested gzip", &exchange.Exchange{Header: http.Header{"A": {string(one)}}}, LimitDecoded, `request.header["A"].gzip.json["a"]`)
	f("brackets", body(bytes.Repeat([]byte("["), 1_000_000)), LimitDepth, `request.json["a"]`)
	f("brackets asked for", body(bytes.Repeat([]byte(`{"a":`), 1_000_000)), LimitDepth, `request.json["a"]["a"]`)
	f("members", body([]byte(`{`+strings.Repeat(`"a":1,`, 1_000_000))), LimitMembers, `request.json["a"]`, `request.json["a"].base64.json["x"]`)
	var names bytes.Buffer
	names.WriteByte('{')
	for i := range 1_000_000 {
		names.WriteString(`"` + strconv.Itoa(i) + `":1,`)
	}
	f("all members", body(names.Bytes()), LimitNames, `request.json[*]["x"]`, `request.json[*][*]`)
	f("elements", body([]byte("["+strings.Repeat("1,", 1_000_000))), LimitMembers, `request.json[*]["x"]`)
	f("all values", body(names.Bytes()), LimitValues, `request.json[*]`)
	f("cookies", &exchange.Exchange{Header: http.Header{"Cookie": {strings.Repeat("a=1; ", 100_000)}}}, LimitCookies, `request.cookie["a"]`, `request.cookie["a"][*]`)
	f("long cookies", &exchange.Exchange{Header: http.Header{"Cookie": {strings.Repeat("abcdefghijklmnopqrstuvwxyz=1; ", 100_000)}}}, LimitCookieBytes, `request.cookie["b"]`)
	f("cookies by index", &exchange.Exchange{Header: http.Header{"Cookie": {names.String()[:1<<20]}}}, LimitCookieBytes, `request.cookie[*][0]`)
	f("parameters", &exchange.Exchange{Query: strings.Repeat("a=1&", 100_000)}, LimitParameters, `request.query["a"]`)
	f("form", body([]byte(strings.Repeat("a[][b]=1&", 100_000))), LimitParameters, `request.form["a"][*]["b"]`)
	f("segments", &exchange.Exchange{Path: strings.Repeat("/", 60_000)}, LimitSegments, `request.path[*]`)
	f("path", &exchange.Exchange{Path: strings.Repeat("/a", 60_000)}, LimitPathBytes, `request.path[1]`)
	f("events", &exchange.Exchange{RequestBody: exchange.Body{Bytes: []byte(strings.Repeat("data:{}\n\n", 100_000))}}, LimitDocuments, `request.json["a"]`)
	f("token", &exchange.Exchange{Header: http.Header{"A": {"e" + strings.Repeat(".", 1<<20)}}}, LimitJWTBytes, `request.header["A"].jwt.payload["a"]`)
	f("long value", body([]byte(`{"a":"`+strings.Repeat("x", 1<<20)+`"}`)), LimitValueBytes, `request.json["a"]`)
	f("base64", body([]byte(`{"a":"`+strings.Repeat("x", 4<<20)+`"}`)), LimitDecoded, `request.json["a"].base64`)
	f("escapes", body([]byte(`{"a":"`+strings.Repeat(`\u0041`, 1<<18)+`"}`)), LimitValueBytes, `request.json["a"]`)
}

// testBomb reads a request that has to end at a limit, noted by its name, and may
// take neither long nor much memory. The time is measured without the race
// detector, which takes its own.
func testBomb(t *testing.T, name string, x *exchange.Exchange, limit Limit, points ...string) {
	t.Helper()
	e := mustCompile(t, points...)
	var out Result
	e.Request(&exchange.Exchange{Header: x.Header}, &out) // what every worker has by then
	out.Reset()
	var before, after runtime.MemStats
	took := time.Hour
	for try := 0; try < 20 && took > bombTime && (try == 0 || !raceDetector); try++ { // the machine may be busy with something else
		out.Reset()
		runtime.ReadMemStats(&before)
		begin := time.Now()
		e.Request(x, &out)
		took = min(took, time.Since(begin))
		runtime.ReadMemStats(&after)
	}
	if took > bombTime && !raceDetector {
		t.Errorf("%s: took %v", name, took)
	}
	if bytes := after.TotalAlloc - before.TotalAlloc; bytes > bombBytes {
		t.Errorf("%s: allocated %d bytes", name, bytes)
	}
	t.Logf("%s: %v, %d KiB", name, took, (after.TotalAlloc-before.TotalAlloc)>>10)
	for _, n := range out.Notes {
		if n.Kind == LimitHit && n.Text == string(limit) {
			return
		}
	}
	t.Errorf("%s: limit %s is not noted: %v", name, limit, out.Notes)
}

const (
	bombTime  = 50 * time.Millisecond
	bombBytes = 32 << 20
)

// typical is an exchange with 1 KB in and 2 KB out, and points that ask for six
// values in it.
func typical() (*exchange.Exchange, []string) {
	token := jwt(`{"alg":"RS256","kid":"2026-01","typ":"JWT"}`, `{"iss":"https://id.example.com/realms/shop","sub":"0b0f2f8e-8f2e-4a53-9f5c-0f1f4d4b5e6a","aud":"shop","exp":1790000000,"realm_access":{"roles":["user","admin"]},"sid":"f1d2d2f9"}`)
	json := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	header := json.Clone()
	header.Set("Authorization", "Bearer "+token)
	header.Set("Cookie", "sid=abc; theme=dark")
	return &exchange.Exchange{
			Host: "shop.example.com", Method: "POST", Path: "/users/42/orders", Query: "page=2&sort=price", Status: 200,
			Header: header, ResponseHeader: json,
			RequestBody: exchange.Body{Bytes: []byte(typicalJSON(1 << 10))}, ResponseBody: exchange.Body{Bytes: []byte(typicalJSON(2 << 10))},
		}, []string{
			`request.header["Authorization"].jwt.payload["sub"]`, `request.cookie["sid"]`, `request.query["page"]`,
			`request.json["user"]["id"]`, `request.json["token"]`, `response.json["token"]`,
		}
}

func BenchmarkTypicalExchange(b *testing.B) {
	x, points := typical()
	e := mustCompile(b, points...)
	var out Result
	b.SetBytes(int64(len(x.RequestBody.Bytes) + len(x.ResponseBody.Bytes)))
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		e.Request(x, &out)
		e.Response(x, &out)
	}
	for i, p := range points {
		if _, ok := out.First(i); !ok {
			b.Errorf("%s found nothing", p)
		}
	}
}

// FuzzExtract reads anything as anything: it must not panic, find a value that
// the limits forbid, or differ in a result that was used before.
func FuzzExtract(f *testing.F) {
	f.Add("/a;b=1/c?p[x][]=1&p=2", "a=1; b=2", "application/json", "", []byte(`{"a":{"b":"eyJhIjoxfQ"}}`))
	f.Add("/?a=eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ.", "", "text/event-stream", "", []byte("data: {\"a\":1}\n\ndata: {\"a\":2}\n"))
	f.Add("/", "", "application/x-www-form-urlencoded; charset=latin1", "gzip, br", []byte("a=1&b[c][0]=%F6"))
	e := mustCompile(f, `request.path[*]`, `request.path.parameter["b"][*]`, `request.path[1].parameter["b"]`, `request.query["p"][*]`, `request.query["p"]["x"][0]`,
		`request.query["a"].jwt.payload["sub"]`, `request.query[*].jwt.header["kid"]`, `request.cookie["a"]`, `request.cookie[*][0].base64.gzip.urldecode`, `response.set_cookie[*]`,
		`request.json["a"]["b"].base64.json["a"]`, `request.json[*]`, `request.json[*]["a"]`, `request.form["a"]`, `request.form["b"][*][*]`, `request.form[*].basic.user`,
		`response.json["a"]`, `response.json[*]["a"]`, `response.form["a"].form["b"]`)
	var used Result
	f.Fuzz(func(t *testing.T, target, cookie, media, coding string, data []byte) {
		path, query, _ := strings.Cut(target, "?")
		header := http.Header{"Content-Type": {media}, "Cookie": {cookie}, "Set-Cookie": {cookie}}
		if coding != "" {
			header["Content-Encoding"] = []string{coding}
		}
		body := exchange.Body{Bytes: data}
		x := &exchange.Exchange{Path: path, Query: query, Header: header, RequestBody: body, Status: 200, ResponseHeader: header, ResponseBody: body}
		before := bytes.Clone(data)
		var fresh Result
		used.Reset()
		for _, out := range []*Result{&used, &fresh} {
			e.Request(x, out)
			e.Response(x, out)
		}
		if diff := cmp.Diff(shown(e, &fresh), shown(e, &used)); diff != "" {
			t.Fatalf("(-new +used)\n%s", diff)
		}
		if !bytes.Equal(before, data) {
			t.Fatal("the body was changed")
		}
		if limits := DefaultLimits(); len(fresh.text) > limits.ResultBytes || len(fresh.values) > limits.Values || len(fresh.Notes) > limits.Notes {
			t.Fatal("beyond the limits of a result")
		}
	})
}

func BenchmarkNothingAsked(b *testing.B) {
	x, _ := typical()
	e := mustCompile(b)
	var out Result
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		e.Request(x, &out)
		e.Response(x, &out)
	}
}
