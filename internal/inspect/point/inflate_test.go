package point

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"sojourn/internal/exchange"
)

func TestContentEncodings(t *testing.T) {
	text := []byte(typicalJSON(5_000))
	for _, codings := range []string{"gzip", "x-gzip", "GZIP", "deflate", "deflate-raw", "br", "zstd", "gzip, br", "identity", "deflate,zstd, gzip", "zstd, identity,br"} {
		data := text
		for _, c := range strings.Split(codings, ",") {
			data = pack(t, strings.ToLower(strings.TrimSpace(c)), data)
		}
		header := http.Header{"Content-Encoding": {strings.TrimSuffix(codings, "-raw")}}
		x := &exchange.Exchange{Header: header, RequestBody: exchange.Body{Bytes: data}, Status: 200, ResponseHeader: header, ResponseBody: exchange.Body{Bytes: data}}
		want := "request.json[\"user\"][\"name\"] = \"Ann O'Neil\"\nresponse.json[\"user\"][\"active\"] = \"true\"\n"
		if diff := cmp.Diff(want, extract(t, x, `request.json["user"]["name"]`, `response.json["user"]["active"]`)); diff != "" {
			t.Errorf("%s: %s", codings, diff)
		}
	}
	for _, c := range []string{"gzip", "zstd"} {
		x := &exchange.Exchange{RequestBody: exchange.Body{Bytes: pack(t, c, text)}}
		if got := extract(t, x, `request.json["total"]`); got != "request.json[\"total\"] = \"42\"\n" {
			t.Errorf("%s without a header: %s", c, got)
		}
	}
	x := &exchange.Exchange{Header: http.Header{"Content-Encoding": {"gzip, gzip", "gzip, gzip, gzip"}}, RequestBody: exchange.Body{Bytes: text}}
	if got := extract(t, x, `request.json["total"]`); got != "request.json[\"total\"] =\nrequest limit body: codings\n" {
		t.Error(got)
	}
}

func pack(tb testing.TB, c string, data []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch c {
	case "gzip", "x-gzip":
		w = gzip.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "deflate-raw":
		w, err = flate.NewWriter(&b, flate.DefaultCompression)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, err = zstd.NewWriter(&b)
	default:
		return data
	}
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// FuzzUnpack holds what packed data means against what was packed, and reads
// anything else without harm.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte("abcabcabc"), uint8(0))
	f.Add([]byte("\x1f\x8b\x08\x00"), uint8(1))
	f.Add([]byte("\x28\xb5\x2f\xfd\x04"), uint8(2))
	codings := []coding{codingGzip, codingDeflate, codingBrotli, codingZstd}
	var used inflaters
	f.Fuzz(func(t *testing.T, data []byte, which uint8) {
		c := codings[int(which)%len(codings)]
		const allowed = 1 << 16
		if out, _, _ := used.unpack(nil, c, data, allowed); len(out) > allowed {
			t.Fatalf("%s: %d bytes", c, len(out))
		}
		got, whole, err := used.unpack([]byte("before"), c, pack(t, string(c), data), len(data))
		if err != nil || !whole || string(got) != "before"+string(data) {
			t.Fatalf("%s: %q comes back as %q, %v, %v", c, data, got, whole, err)
		}
	})
}
