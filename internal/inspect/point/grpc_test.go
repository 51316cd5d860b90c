package point

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

// frame is a message behind its prefix.
func frame(flags byte, message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(message))), message...)
}

func TestGRPC(t *testing.T) {
	login := wire(1, "ann", 2, wire(1, 7, 2, "deep"), 3, "x", 3, "y")
	gzipped := frame(1, pack(t, "gzip", login))
	two := append(frame(0, wire(2, wire(3, 1))), frame(0, login)...)
	text := base64.StdEncoding.EncodeToString(frame(0, wire(1, "ann"))) + base64.StdEncoding.EncodeToString(append(frame(0, wire(1, "bob", 2, "c")), frame(flagTrailers, []byte("grpc-status: 0\r\n"))...))
	f := func(media, encoding string, body []byte, want string, points ...string) {
		t.Helper()
		header := http.Header{}
		if media != "" {
			header.Set("Content-Type", media)
		}
		if encoding != "" {
			header.Set("Grpc-Encoding", encoding)
		}
		x := &exchange.Exchange{Status: 200, Header: header, ResponseHeader: header, RequestBody: exchange.Body{Bytes: body}, ResponseBody: exchange.Body{Bytes: body}}
		for _, side := range []string{"request", "response"} {
			var texts []string
			for _, p := range points {
				texts = append(texts, side+".grpc"+p)
			}
			got := strings.ReplaceAll(extract(t, x, texts...), side+".grpc", "")
			if diff := cmp.Diff(strings.ReplaceAll(want, "SIDE", side), got); diff != "" {
				t.Errorf("%s %s: %s", side, media, diff)
			}
		}
	}
	const ann = "[1] = \"ann\"\n[2][2] = \"deep\"\n"
	points := []string{"[1]", "[2][2]"}
	f("application/grpc", "", frame(0, login), ann, points...)
	f("application/grpc+proto", "gzip", gzipped, ann, points...)
	f("application/grpc", "deflate", frame(1, pack(t, "deflate", login)), ann, points...)
	f("application/grpc", "zstd", frame(1, pack(t, "zstd", login)), ann, points...)
	f("application/grpc", "identity", frame(1, login), ann, points...)
	f("application/grpc-web+proto", "", append(frame(0, login), frame(flagTrailers, []byte("grpc-status: 0\r\n"))...), ann, points...)
	f("application/grpc-web-text", "", []byte(text), "[1] = \"ann\"\n[*][1] = \"ann\" \"bob\"\n[2] = \"c\"\n", "[1]", "[*][1]", "[2]")
	f("application/connect+proto", "", append(frame(0, login), frame(flagEnd, []byte("{}"))...), ann, points...)
	f("application/proto", "", login, ann, points...)
	f("application/x-protobuf", "", login, ann, points...)
	// A type that is missing or lies.
	f("", "", frame(0, login), ann, points...)
	f("", "", login, ann, points...)
	f("application/json", "", frame(0, login), ann, points...)
	f("application/octet-stream", "", []byte{0xff, 0x00, 0x01}, "[1] =\n", "[1]")
	f("text/plain", "", []byte("no message"), "[1] =\n", "[1]")
	f("application/grpc+json", "", frame(0, login), "[1] =\n", "[1]")
	// Several messages: the first that has the field, or all.
	f("application/grpc", "", two, "[1] = \"ann\"\n[2][2] = \"deep\"\n[2][3] = \"1\"\n[*][2][*][1] = \"7\"\n[3] = \"x\"\n[3][*] = \"x\" \"y\"\n[*][3] = \"x\"\n[*][3][*] = \"x\" \"y\"\n",
		"[1]", "[2][2]", "[2][3]", "[*][2][*][1]", "[3]", "[3][*]", "[*][3]", "[*][3][*]")
	// What is wrong.
	f("application/grpc", "", frame(0, login)[:5+7], "[1] = \"ann\"\n[2][2] =\nSIDE malformed grpc at 0: a frame does not end\n", points...)
	f("application/grpc", "", append(frame(0, login), 0, 0), ann+"SIDE malformed grpc at 26: a frame does not end\n", points...)
	f("application/grpc", "", append(frame(0, wire(1, "ann")), frame(0, append(wire(2, wire(2, "deep")), 0xff))...), ann+"SIDE malformed grpc at 23: expected a field\n", points...)
	f("application/grpc", "", frame(4, login), "[1] =\nSIDE malformed grpc at 0: a frame has unknown flags\n", "[1]")
	f("application/grpc", "", gzipped, "[1] =\nSIDE malformed grpc: a message is compressed in an unknown way\n", "[1]")
	f("application/grpc", "snappy", gzipped, "[1] =\nSIDE malformed grpc: a message is compressed in an unknown way\n", "[1]")
	f("application/grpc", "gzip", frame(1, login), "[1] =\nSIDE malformed grpc: broken gzip\n", "[1]")
	f("application/grpc-web-text", "", []byte("AAAA!"), "[1] =\nSIDE malformed grpc at 4: no base64\nSIDE malformed grpc at 0: a frame does not end\n", "[1]")
	f("application/proto", "", []byte{0x0a, 0x05, 'a'}, "[1] =\nSIDE malformed grpc at 1: a field does not end\n", "[1]")
}

func TestGRPCTruncated(t *testing.T) {
	body := frame(0, wire(1, "ann", 2, "long"))
	for cut := 10; cut < len(body); cut++ {
		x := &exchange.Exchange{Header: http.Header{"Content-Type": {"application/grpc"}}, RequestBody: exchange.Body{Bytes: body[:cut], Truncated: true}}
		if got := extract(t, x, `request.grpc[1]`, `request.grpc[2]`); got != "request.grpc[1] = \"ann\"\nrequest.grpc[2] =\nrequest limit body: body\n" {
			t.Errorf("cut at %d: %s", cut, got)
		}
	}
}

func TestGRPCBombs(t *testing.T) {
	request := func(encoding string, body []byte) *exchange.Exchange {
		return &exchange.Exchange{Header: http.Header{"Content-Type": {"application/grpc"}, "Grpc-Encoding": {encoding}}, RequestBody: exchange.Body{Bytes: body}}
	}
	zeros := make([]byte, 64<<20)
	one := pack(t, "gzip", zeros)
	testBomb(t, "frame", request("gzip", frame(1, bytes.Repeat(one, 10<<20/len(one)))), LimitDecoded, `request.grpc[1][2]`)
	testBomb(t, "small frames", request("gzip", bytes.Repeat(frame(1, pack(t, "gzip", zeros[:64<<10])), 10_000)), LimitDecoded, `request.grpc[1][2]`)
	testBomb(t, "frames", request("", bytes.Repeat(frame(0, nil), 1_000_000)), LimitDocuments, `request.grpc[*][1]`)
	testBomb(t, "groups", request("", frame(0, bytes.Repeat([]byte{0x0b}, 1_000_000))), LimitDepth, `request.grpc[1]`+strings.Repeat("[1]", MaxPointKeys-1))
	testBomb(t, "fields", request("", frame(0, bytes.Repeat([]byte{0x08, 0x01}, 1_000_000))), LimitMembers, `request.grpc[1]`, `request.grpc[1].packed[5]`)
	testBomb(t, "all fields", request("", frame(0, bytes.Repeat([]byte{0x08, 0x01}, 1_000_000))), LimitValues, `request.grpc[1][*]`)
	testBomb(t, "packed", request("", frame(0, wire(1, bytes.Repeat([]byte{0x01}, 1_000_000)))), LimitMembers, `request.grpc[1].packed[*]`)
	testBomb(t, "message", request("", frame(0, wire(1, bytes.Repeat([]byte{0x08, 0x01}, 1_000_000)))), LimitMembers, `request.grpc[1][1]`)
}

func BenchmarkGRPC(b *testing.B) {
	item := wire(1, 12345, 2, "Running shoes, red", 3, 8995, 4, "EUR", 5, "https://shop.example.com/p/12345")
	order := wire(1, wire(1, "0b0f2f8e-8f2e-4a53-9f5c-0f1f4d4b5e6a", 2, "ann@example.com"), 3, "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c")
	for len(order) < 2<<10 {
		order = append(order, wire(2, item)...)
	}
	data := frame(0, order)
	e := mustCompile(b, `request.grpc[1][1]`, `request.grpc[2][*][1]`, `request.grpc[3]`)
	x := &exchange.Exchange{Header: http.Header{"Content-Type": {"application/grpc"}}, RequestBody: exchange.Body{Bytes: data}}
	var out Result
	b.SetBytes(int64(len(data)))
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
