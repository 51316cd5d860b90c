package record

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// filled returns a request in which no field has its zero value, so that a field
// that the codec forgets makes the round trip fail.
func filled(t testing.TB) Request {
	r := Request{
		ID:       RequestID{At: 1763733600123456, Node: 77, Seq: 4242},
		Session:  SessionID{1, 2, 3},
		Client:   SessionID{4, 5, 6},
		Started:  1763733600123457,
		Duration: 84_000, FirstByte: 71_000,
		Application: "shop", Host: "shop.example.com", Method: "GET",
		Path: "/users/7/orders", Query: "a=1&token=[masked]", Endpoint: "/users/{int}/orders",
		Status: 200, RequestBytes: 12, ResponseBytes: 3456,
		IP: netip.MustParseAddr("2001:db8::7"), UserAgent: "curl/7.88",
		Key: "PHPSESSID", Point: `request.cookie["PHPSESSID"]`, Rung: RungBuiltin, Strength: StrengthSecret,
		Country: "DE", Network: "Hetzner", Anonymity: "hosting", JA4: "t13d1516h2_8daaf6152771_b186095e22b6",
		User: "maria", Role: "buyer", Operation: "query getUser",
		MCP: &MCP{"crm.example.com/mcp", "tools/call", "get_opportunity", "claude-code 2.1", "2025-11-25", "4bf92f3577b34da6", -32602,
			[]MCPMessage{{"tools/call", "search", "0af7651916cd43dd", -32601, FromClient}, {Method: "notifications/progress", From: FromServer}}},
		Context:  []Value{{"username", "maria", false}, {"card", "9f86d081884c7d65", true}},
		Accepted: true, Tried: 3, Flags: []Flag{FlagValueCut, FlagClientGone}, Revision: 9,
	}
	r.Findings = []Finding{{"f-1", r.ID, r.Session, r.Started, "protocol_smuggling", true, "method twice"}}
	v := reflect.ValueOf(r)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Fatalf("filled leaves %s at its zero value", v.Type().Field(i).Name)
		}
	}
	return r
}

var opts = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func TestBatch(t *testing.T) {
	var scratch []byte
	full := filled(t)
	bare := Request{Duration: Unknown, FirstByte: Unknown, RequestBytes: Unknown, ResponseBytes: Unknown}
	zero := Request{IP: netip.MustParseAddr("192.0.2.1")} // known measures of 0
	want := []Request{full, bare, zero}
	var b []byte
	for i := range want {
		b = AppendBatch(b, &want[i], &scratch)
	}

	got, err := DecodeBatch(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, opts); d != "" {
		t.Errorf("round trip (-want +got):\n%s", d)
	}
	for cut := 1; cut < len(b); cut++ {
		part, err := DecodeBatch(b[:cut])
		if err == nil && len(part) >= len(want) {
			t.Fatalf("the first %d of %d bytes decode as the whole batch", cut, len(b))
		}
		if err != nil && !errors.Is(err, ErrBatch) {
			t.Fatalf("error is not ErrBatch: %v", err)
		}
	}
}

func TestBatchUnknownField(t *testing.T) {
	r := filled(t)
	inner := appendRequest(nil, &r)
	inner = append(inner, 0xf8, 0x7f, 1)                      // field 2047, varint
	inner = append(inner, 0xf9, 0x7f, 1, 2, 3, 4, 5, 6, 7, 8) // field 2047, 64 bit
	b := append([]byte{batchRequest<<3 | 2, byte(len(inner)), byte(len(inner) >> 7)}, inner...)
	b[1] |= 0x80
	got, err := DecodeBatch(b)
	if err != nil || len(got) != 1 {
		t.Fatalf("got %d requests, %v", len(got), err)
	}
	if d := cmp.Diff(r, got[0], opts); d != "" {
		t.Error(d)
	}
}

// TestBatchOfEarlierVersions reads what was written before a message had others
// beside it.
func TestBatchOfEarlierVersions(t *testing.T) {
	b := []byte("\nC\b\x05\"\x10" + strings.Repeat("\x00", 16) + "*\x10" + strings.Repeat("\x00", 16) +
		"\x9a\x02\x1a\n\x05a/mcp\x12\ntools/call\x1a\x01x8\xb3\xfd\x03")
	got, err := DecodeBatch(b)
	if err != nil || len(got) != 1 {
		t.Fatalf("got %d requests, %v", len(got), err)
	}
	if d := cmp.Diff(&MCP{Server: "a/mcp", Method: "tools/call", Name: "x", Error: -32602}, got[0].MCP); d != "" {
		t.Error(d)
	}
}

func FuzzDecodeBatch(f *testing.F) {
	var scratch []byte
	r := filled(f)
	f.Add(AppendBatch(nil, &r, &scratch))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		requests, err := DecodeBatch(b)
		if err != nil {
			return
		}
		var again []byte
		for i := range requests {
			again = AppendBatch(again, &requests[i], &scratch)
		}
		twice, err := DecodeBatch(again)
		if err != nil {
			t.Fatalf("what was decoded does not encode: %v", err)
		}
		if d := cmp.Diff(requests, twice, opts); d != "" {
			t.Error(d)
		}
	})
}

func BenchmarkCodec(b *testing.B) {
	r := filled(b)
	var batch, scratch []byte
	for range 100 {
		batch = AppendBatch(batch, &r, &scratch)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		out := make([]byte, 0, 1024)
		for b.Loop() {
			out = AppendBatch(out[:0], &r, &scratch)
		}
	})
	b.Run("decode100", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(batch)))
		for b.Loop() {
			if _, err := DecodeBatch(batch); err != nil {
				b.Fatal(err)
			}
		}
	})
}
