package point

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"sojourn/internal/exchange"
)

// wire makes a message of numbers, each with its value behind it.
func wire(fields ...any) (b []byte) {
	for i := 0; i < len(fields); i += 2 {
		number := protowire.Number(fields[i].(int))
		switch v := fields[i+1].(type) {
		case int:
			b = protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), uint64(v))
		case uint32:
			b = protowire.AppendFixed32(protowire.AppendTag(b, number, protowire.Fixed32Type), v)
		case uint64:
			b = protowire.AppendFixed64(protowire.AppendTag(b, number, protowire.Fixed64Type), v)
		case string:
			b = protowire.AppendString(protowire.AppendTag(b, number, protowire.BytesType), v)
		case []byte:
			b = protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), v)
		case group:
			b = protowire.AppendGroup(protowire.AppendTag(b, number, protowire.StartGroupType), number, v)
		}
	}
	return b
}

type group []byte

// readWire reads a message and returns what the points find, and what is wrong
// with it.
func readWire(tb testing.TB, e *Extractor, data []byte) (out *Result, reason string) {
	tb.Helper()
	out = new(Result)
	r := out.begin(e, Request, &exchange.Exchange{})
	reason, _ = r.protobuf(e.request.step("grpc"), data)
	if len(r.fields)+len(r.come) > 0 {
		tb.Errorf("%x: something stays on the stack", data)
	}
	return out, reason
}

func TestProtobuf(t *testing.T) {
	f := func(data []byte, pairs ...string) {
		t.Helper()
		var points []string
		for i := 0; i < len(pairs); i += 2 {
			points = append(points, "request.grpc"+pairs[i])
		}
		out, reason := readWire(t, mustCompile(t, points...), data)
		if reason != "" || len(out.Notes) > 0 {
			t.Errorf("%x: %s %v", data, reason, out.Notes)
		}
		for i := range points {
			got := strings.Join(texts(out, i), "|")
			if want := pairs[2*i+1]; got != want {
				t.Errorf("%x\n%s: got %q, want %q", data, points[i], got, want)
			}
		}
	}
	f(wire(1, "text", 2, 150, 3, -1, 4, uint32(1<<32-2), 5, uint64(1<<40), 536870911, true2int(true), 6, ""),
		"[1]", "text", "[2]", "150", "[3]", "-1", "[4]", "-2", "[5]", "1099511627776", "[536870911]", "1", "[6]", "", "[7]", "")
	// A further number leads into a message; the field itself is its bytes.
	inner := wire(1, 1, 2, wire(3, "x"))
	f(wire(1, inner, 2, "a"), "[1]", string(inner), "[1][1]", "1", "[1][2][3]", "x", "[1][2][4]", "", "[2][1]", "", "[1][1][1]", "")
	// A field that repeats.
	f(wire(1, wire(1, "a"), 1, wire(2, "b"), 1, wire(1, "c", 1, "d")),
		"[1][1]", "a", "[1][2]", "", "[1][*][1]", "a|c", "[1][*][1][*]", "a|c|d", "[1][1][*]", "a", "[1][*][2]", "b", "[*][1][1]", "a")
	// Packed or not.
	f(wire(1, []byte{1, 0x96, 1, 3}, 2, 7, 2, 8, 3, []byte{0x80}),
		"[1].packed[0]", "1", "[1].packed[1]", "150", "[1].packed[*]", "1|150|3", "[1].packed[3]", "", "[1]", "\x01\x96\x01\x03",
		"[2].packed[*]", "7|8", "[2].packed[1]", "8", "[3].packed[0]", "")
	f(wire(1, wire(2, 1, 2, 2), 1, wire(2, 3)), "[1][*][2].packed[0]", "1|3", "[1][*][2].packed[1]", "2", "[1][2][*].packed[*]", "1|2", "[1][*][2].packed[*]", "1|2|3")
	f(wire(1, group(wire(1, "g", 2, group(wire(3, 4)))), 2, "a"), "[1][1]", "g", "[1][2][3]", "4", "[2]", "a", "[1]", "")
	f(wire(1, `{"a":"MQ=="}`), `[1].json["a"]`, "MQ==", `[1].json["a"].base64`, "1")
	f(wire(1, wire(2, wire(3, "n"))), "[1].grpc[2].grpc[3]", "n")
	f(nil, "[1]", "")
}

func true2int(b bool) int { return map[bool]int{true: 1}[b] }

func TestProtobufReasons(t *testing.T) {
	e := mustCompile(t, `request.grpc[1]`)
	for data, want := range map[string]string{
		"\x80":                         "expected a field", // a tag that does not end
		"\x00":                         "expected a field", // field 0
		"\x0f":                         "a field does not end",
		"\x08":                         "a field does not end",
		"\x08" + ff(10) + "\x01":       "a field does not end", // too long
		"\x0a\x02a":                    "a field does not end",
		"\x0d\x00\x00\x00":             "a field does not end",
		"\x09\x00\x00\x00\x00\x00\x00": "a field does not end",
		"\x0c":                         "a group ends that is not the open one",
		"\x0b\x14":                     "a group ends that is not the open one",
		"\x0b\x08\x01":                 "a group does not end",
		"\x0b\x08\x01\x0c":             "",
	} {
		if _, got := readWire(t, e, []byte(data)); got != want {
			t.Errorf("%q: %q, want %q", data, got, want)
		}
	}
}

func ff(n int) string { return strings.Repeat("\xff", n) }

func TestProtobufDepth(t *testing.T) {
	depth := DefaultLimits().Depth
	for nesting, want := range map[int]string{depth - 1: "request.grpc[1] =\n", depth: "request.grpc[1] =\nrequest limit grpc: depth\n"} {
		data := []byte{}
		for range nesting {
			data = wire(2, group(data))
		}
		e := mustCompile(t, `request.grpc[1]`)
		out, reason := readWire(t, e, data)
		if got := shown(e, out); got != want || reason != "" {
			t.Errorf("nesting %d: %s %s", nesting, got, reason)
		}
	}
}

// FuzzProtobuf holds the reader against a walk with protowire alone, which makes
// a list of all occurrences of a field.
func FuzzProtobuf(f *testing.F) {
	f.Add(wire(1, "a", 2, wire(1, 5, 2, uint32(1)), 1, []byte{1, 2}))
	f.Add(wire(1, group(wire(1, wire(1, 1), 2, uint64(1))), 2, group(nil)))
	f.Add(wire(2, wire(1, wire(1, "x"), 1, wire(1, "y")), 2, wire(1, 1)))
	points := []string{"[1]", "[2]", "[1][*]", "[1][1]", "[1][*][1]", "[1][1][*]", "[1][*][1][*]", "[2][1]", "[2][*][1][*][1][*]", "[2][1][1]", "[*][1][2]"}
	for i := range points {
		points[i] = "request.grpc" + points[i]
	}
	e := mustCompile(f, append(points, "request.grpc[1].packed[*]", "request.grpc[1].packed[1]")...)
	f.Fuzz(func(t *testing.T, data []byte) {
		out, reason := readWire(t, e, data)
		if len(out.Notes) > 0 {
			return
		}
		if isMessage(data) != (reason == "") {
			t.Fatalf("%x: %q, and protowire says %v", data, reason, isMessage(data))
		}
		if reason != "" {
			return
		}
		for i, p := range e.Points() {
			keys := p.Steps[0].Keys
			if keys[0].By == All {
				keys = keys[1:]
			}
			var packed *Key
			if len(p.Steps) > 1 {
				packed = &p.Steps[1].Keys[0]
			}
			want := walkWire(data, keys, packed)
			var found []string
			for _, v := range want {
				if !v.group {
					found = append(found, v.text)
				}
			}
			if diff := cmp.Diff(found, texts(out, i)); diff != "" {
				t.Fatalf("%x: %s (-protowire +got):\n%s", data, p, diff)
			}
		}
	})
}

// wireValue is an occurrence of a field.
type wireValue struct {
	text   string
	bytes  bool
	group  bool   // which is no value
	within []byte // what may be a message
}

// walkWire returns the values that keys lead to, by lists of the occurrences of
// each field. Of a packed field, all of its pieces count.
func walkWire(data []byte, keys []Key, packed *Key) (found []wireValue) {
	number := protowire.Number(keys[0].Index)
	keys = keys[1:]
	all := len(keys) > 0 && keys[0].By == All
	if all {
		keys = keys[1:]
	}
	var occurrences []wireValue
	for len(data) > 0 {
		n, kind, size := protowire.ConsumeTag(data)
		data = data[size:]
		var v wireValue
		within := []byte(nil)
		switch size = protowire.ConsumeFieldValue(n, kind, data); kind {
		case protowire.VarintType:
			i, _ := protowire.ConsumeVarint(data)
			v.text = strconv.FormatInt(int64(i), 10)
		case protowire.Fixed32Type:
			i, _ := protowire.ConsumeFixed32(data)
			v.text = strconv.FormatInt(int64(int32(i)), 10)
		case protowire.Fixed64Type:
			i, _ := protowire.ConsumeFixed64(data)
			v.text = strconv.FormatInt(int64(i), 10)
		case protowire.BytesType:
			b, _ := protowire.ConsumeBytes(data)
			v.text, v.bytes, within = string(b), true, b
		case protowire.StartGroupType:
			within, _ = protowire.ConsumeGroup(n, data)
			v.group = true
		}
		data = data[size:]
		if n == number {
			v.within = within
			occurrences = append(occurrences, v)
		}
	}
	if len(keys) == 0 && packed != nil {
		return elements(occurrences, *packed)
	}
	if !all {
		occurrences = occurrences[:min(1, len(occurrences))]
	}
	if len(keys) == 0 {
		return occurrences
	}
	for _, v := range occurrences {
		if isMessage(v.within) {
			found = append(found, walkWire(v.within, keys, packed)...)
		}
	}
	return found
}

// elements are those of packed fields.
func elements(fields []wireValue, k Key) (found []wireValue) {
	for _, v := range fields {
		switch {
		case v.group:
			continue
		case !v.bytes:
			found = append(found, v)
			continue
		}
		var packed []wireValue
		rest := []byte(v.text)
		for len(rest) > 0 {
			i, size := protowire.ConsumeVarint(rest)
			if size < 0 {
				packed = nil
				break
			}
			packed, rest = append(packed, wireValue{text: strconv.FormatInt(int64(i), 10)}), rest[size:]
		}
		found = append(found, packed...)
	}
	if k.By == ByIndex {
		return found[min(k.Index, len(found)):min(k.Index+1, len(found))]
	}
	return found
}
