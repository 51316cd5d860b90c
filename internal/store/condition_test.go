package store

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

func TestNewCondition(t *testing.T) {
	type want struct {
		parameter string
		texts     []string
		ranges    []Range
		addresses []string
	}
	const top = math.MaxInt64
	for _, c := range []struct {
		field  string
		values []string
		want   want
	}{
		{"user", []string{"maria", "", " b ", "a=b"}, want{texts: []string{"maria", "", " b ", "a=b"}}},
		{"host", []string{"*.Example.com"}, want{texts: []string{"*.Example.com"}}},
		{"accepted", []string{"true"}, want{texts: []string{"true"}}},
		{"context", []string{"tenant=7", "tenant=", "tenant=a=b"}, want{parameter: "tenant", texts: []string{"7", "", "a=b"}}},
		{"context.tenant", []string{"7", "tenant=7", ""}, want{parameter: "tenant", texts: []string{"7", "tenant=7", ""}}},
		{"context.a.b=c", []string{"d"}, want{parameter: "a.b=c", texts: []string{"d"}}},

		{"status", []string{"404", "4xx", "5XX", "400-499", "0", "0-0", "000"}, want{ranges: []Range{{404, 404}, {400, 499}, {500, 599}, {400, 499}, {0, 0}, {0, 0}, {0, 0}}}},
		{"duration", []string{">500ms", ">=500ms", "<2s", "<=2s", "100ms-1s", "1.5ms", "7", "0", "<0"}, want{ranges: []Range{
			{500_001, top}, {500_000, top}, {0, 1_999_999}, {0, 2_000_000}, {100_000, 1_000_000}, {1500, 1500}, {7, 7}, {0, 0}, {0, -1},
		}}},
		{"ttfb", []string{"1m-1h"}, want{ranges: []Range{{60_000_000, 3_600_000_000}}}},
		{"request_bytes", []string{">10KB", "<1MiB", "1KB-10 kb", "1.5k", "3B", "7", "2g", "1TiB"}, want{ranges: []Range{
			{10_001, top}, {0, 1<<20 - 1}, {1000, 10_000}, {1500, 1500}, {3, 3}, {7, 7}, {2e9, 2e9}, {1 << 40, 1 << 40},
		}}},

		{"ip", []string{"192.0.2.7", "192.0.2.7/24", "2001:DB8::1", "2001:db8::1/32"}, want{addresses: []string{"192.0.2.7/32", "192.0.2.0/24", "2001:db8::1/128", "2001:db8::/32"}}},
		{"ip", []string{"::ffff:10.1.2.3", "::ffff:10.1.2.3/104", "::ffff:0:0/96", "::/0", "0.0.0.0/0"}, want{addresses: []string{"10.1.2.3/32", "10.0.0.0/8", "0.0.0.0/0", "::/0", "0.0.0.0/0"}}},
	} {
		got, err := NewCondition(c.field, true, c.values...)
		if err != nil {
			t.Errorf("%s %q: %v", c.field, c.values, err)
			continue
		}
		var addresses []string
		for _, p := range got.Addresses {
			addresses = append(addresses, p.String())
		}
		if diff := cmp.Diff(c.want, want{got.Parameter, got.Texts, got.Ranges, addresses}, cmp.AllowUnexported(want{})); diff != "" || !got.Not {
			t.Errorf("%s %q (-want +got):\n%s", c.field, c.values, diff)
		}
	}
}

func TestNewConditionErrors(t *testing.T) {
	for _, c := range []struct {
		field  string
		values []string
		names  string // what the error must name
	}{
		{"users", []string{"x"}, `"users" is not a field; known are application, host`},
		{"", []string{"x"}, `"" is not a field`},
		{"context.\xff", []string{"x"}, "is not a field"},
		{"user", nil, "user has 0 values"},
		{"user", make([]string, MaxConditionValues+1), "user has 101 values"},
		{"user", []string{"a\xff"}, "UTF-8"},
		{"context.tenant", []string{"\xff"}, "UTF-8"},
		{"context", []string{"tenant"}, `"tenant"`}, {"context", []string{"=7"}, `"=7"`}, {"context.", []string{"7"}, `"7"`},
		{"context", []string{"tenant=7", "item=7"}, `"item=7"`},
		{"accepted", []string{"yes"}, `"yes"`}, {"blocked", []string{""}, `""`},
		{"status", []string{"4x"}, `"4x"`}, {"status", []string{"99"}, `"99"`}, {"status", []string{"499-400"}, `"499-400"`}, {"status", []string{"xxx"}, `"xxx"`}, {"status", []string{">400"}, `">400"`}, {"status", []string{"-200"}, `"-200"`}, {"status", []string{"+20"}, `"+20"`}, {"status", []string{""}, `""`},
		{"duration", []string{"fast"}, `"fast"`}, {"duration", []string{"-1s"}, `"-1s"`}, {"duration", []string{"2s-1s"}, `"2s-1s"`}, {"duration", []string{">"}, `">"`}, {"duration", []string{"1152921504606846977"}, "1152921504606846977"}, {"duration", []string{"1KB"}, `"1KB"`},
		{"response_bytes", []string{"10 potatoes"}, `"10 potatoes"`}, {"response_bytes", []string{"NaN"}, `"NaN"`}, {"response_bytes", []string{"Inf"}, `"Inf"`}, {"response_bytes", []string{"-1"}, `"-1"`}, {"response_bytes", []string{"1e30"}, `"1e30"`}, {"response_bytes", []string{"1s"}, `"1s"`}, {"response_bytes", []string{""}, `""`},
		{"ip", []string{"192.0.2"}, `"192.0.2"`}, {"ip", []string{"192.0.2.1/33"}, `"192.0.2.1/33"`}, {"ip", []string{"fe80::1%eth0"}, `"fe80::1%eth0"`}, {"ip", []string{""}, `""`},
		{"ip", []string{strings.Repeat("ü", 1<<20)}, "…"},
	} {
		_, err := NewCondition(c.field, false, c.values...)
		if err == nil || !strings.Contains(err.Error(), c.names) || len(err.Error()) > 1000 || !utf8.ValidString(err.Error()) {
			t.Errorf("%s %.100q: %v, want an error that names %s", c.field, c.values, err, c.names)
		}
	}
}

func TestConditionMatch(t *testing.T) {
	r := record.Request{
		Host: "shop.example.com", Method: "GET", Endpoint: "/users/{int}", Path: "/users/7", Status: 404, Duration: 1500, FirstByte: record.Unknown,
		IP: netip.MustParseAddr("10.1.2.3"), User: "maria", Flags: []record.Flag{record.FlagBlocked, record.FlagMalformed},
		Context:  []record.Value{{Name: "tenant", Value: "7"}, {Name: "item", Value: "a"}, {Name: "item", Value: "b", Hashed: true}},
		Findings: []record.Finding{{Type: "sqli", Attack: true}, {Type: "odd"}},
	}
	for _, c := range []struct {
		field  string
		values []string
		want   bool
	}{
		{"host", []string{"*.example.com"}, true}, {"host", []string{"*.example.org", "shop.example.com"}, true}, {"host", []string{""}, false},
		{"endpoint", []string{"get /users/*"}, true}, {"endpoint", []string{"SERS/7"}, true}, {"endpoint", []string{"POST *", "/nothing"}, false},
		{"status", []string{"4xx"}, true}, {"status", []string{"5xx", "400-403"}, false},
		{"duration", []string{">1ms"}, true}, {"duration", []string{"<1500"}, false}, {"duration", []string{"<=1500"}, true},
		{"ttfb", []string{">=0"}, false}, {"ttfb", []string{"<1h"}, false}, // unknown is no number
		{"ip", []string{"10.0.0.0/8"}, true}, {"ip", []string{"::/0"}, false}, {"ip", []string{"::ffff:10.1.2.3"}, true},
		{"user", []string{"maria"}, true}, {"user", []string{"mar*"}, false}, {"user", []string{""}, false}, {"role", []string{""}, true},
		{"flag", []string{"malformed"}, true}, {"flag", []string{""}, false}, {"blocked", []string{"true"}, true},
		{"context.tenant", []string{"7"}, true}, {"context.tenant", []string{"8"}, false}, {"context.tenant", []string{"a"}, false}, {"context.tenant", []string{""}, false},
		{"context.item", []string{"c", "b"}, true}, {"context.nothing", []string{""}, true}, {"context.nothing", []string{"7"}, false},
		{"attack", []string{"sqli"}, true}, {"attack", []string{"odd"}, false}, {"attack", []string{""}, false}, // not every finding is an attack
		{"flow", []string{""}, true}, {"flow", []string{"auth"}, false},
		{"mcp_name", []string{""}, true}, {"mcp_server", []string{""}, true}, {"mcp_server", []string{"x"}, false},
	} {
		for _, not := range []bool{false, true} {
			condition, err := NewCondition(c.field, not, c.values...)
			if err != nil {
				t.Fatal(err)
			}
			if got := condition.Match(&r); got != (c.want != not) {
				t.Errorf("%s %q, not %v: %v", c.field, c.values, not, got)
			}
		}
	}
}

// FuzzNewCondition reads any value in every field: what is taken means something,
// what is refused is named in short, and a number means itself.
func FuzzNewCondition(f *testing.F) {
	for i := range Fields {
		f.Add(i, Fields[i].Example, int64(i))
	}
	f.Add(0, "a=b", int64(-1))
	f.Add(30, "1.5e3KiB-2e9", int64(1)<<60)
	f.Fuzz(func(t *testing.T, field int, value string, n int64) {
		if field < 0 || field >= len(Fields) {
			t.Skip()
		}
		name, r := Fields[field].Name, record.Request{IP: netip.AddrFrom4([4]byte{byte(n)}), Status: int(n), Duration: record.Measure(n), RequestBytes: record.Measure(n)}
		c, err := NewCondition(name, false, value)
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("%s %.100q: an error of %d bytes", name, value, len(err.Error()))
			}
			return
		}
		if len(c.Texts)+len(c.Ranges)+len(c.Addresses) != 1 {
			t.Fatalf("%s %q has not one value: %+v", name, value, c)
		}
		for _, g := range c.Ranges {
			if g.Low < 0 || g.High < g.Low-1 {
				t.Errorf("%s %q is from %d to %d", name, value, g.Low, g.High)
			}
		}
		if u := c.Field.Unit; u != UnitNone && 0 <= n && n <= maxAmount && (u != UnitBytes || n < 1<<53) { // sizes are read as floats
			if number, err := NewCondition(name, false, strconv.FormatInt(n, 10)); err != nil || number.Ranges[0] != (Range{n, n}) {
				t.Errorf("%s %d is %v, %v", name, n, number.Ranges, err)
			}
		}
		for _, p := range c.Addresses {
			again, err := NewCondition(name, false, p.String())
			if err != nil || again.Addresses[0] != p || p != p.Masked() || p.Addr().Is4In6() && p.Bits() >= 96 {
				t.Errorf("%q is %v, which is %v, %v", value, p, again.Addresses, err)
			}
		}
		found := c.Match(&r)
		if c.Not = true; c.Match(&r) == found {
			t.Errorf("%s %q finds what it excludes", name, value)
		}
	})
}
