package point

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParse(t *testing.T) {
	for _, text := range []string{
		`request.header["X-User-Id"]`, `request.header["X-User-Id"][1]`, `request.header["X"][*]`, `request.header[*]`,
		`response.header["X-Token"]`, `request.cookie["sid"]`, `response.set_cookie["sid"]`,
		`request.query["token"]`, `request.query["p"]["x"]`, `request.query["p"][0]`, `request.query[*]`,
		`request.path`, `request.path[1]`, `request.path[*]`, `request.path.parameter["jsessionid"]`, `request.path[1].parameter["v"]`,
		`request.host`, `request.method`, `request.scheme`, `request.protocol`, `request.ip`, `request.ja4`, `response.status`,
		`request.form["email"]`, `request.form["a"]["b"][*]`, `request.multipart["file"]`, `request.multipart["file"].filename`,
		`request.json["details"]["username"]`, `request.json["items"][*]["id"]`, `request.json`, `response.json[0]`,
		`request.xml["methodCall"]["methodName"]`, `request.xml["a"][1].attr["check"]`, `response.xml["a"]`,
		`request.grpc[1][2]`, `response.grpc[536870911][*]`,
		`request.header["Authorization"].jwt.payload["sub"]`, `request.header["Authorization"].jwt.header["kid"]`,
		`request.header["Authorization"].basic.user`,
		`request.json["data"].base64.json["x"]`, `request.json["data"].base64.gzip.urldecode.xml["a"]`,
		`request.graphql.operation`, `request.graphql.field["user"].arg["id"]`, `request.graphql.field["a"].field["b"].arg["c"]["d"][0]`, `request.graphql.variable["id"]`,
		`request.mcp.method`, `request.mcp.name`, `request.mcp.argument["account"]`, `request.mcp.meta["traceparent"]`, `response.mcp.method`,
		`request.cookie["a\"b\\c\u0001é"]`,
	} {
		p, err := Parse(text)
		if err != nil {
			t.Error(err)
		} else if got := p.String(); got != text {
			t.Errorf("%s prints as %s", text, got)
		}
	}
}

func TestParseMakesCanonical(t *testing.T) {
	for text, want := range map[string]string{
		`request.header["x-user-id"]`:     `request.header["X-User-Id"]`,
		`request.query["\u0061\/"]`:       `request.query["a/"]`,
		`request.query["1"]["0"]["01"]`:   `request.query["1"][0]["01"]`,
		`response.set_cookie["A"]`:        `response.set_cookie["A"]`,
		`request.header["a"].json["x-y"]`: `request.header["A"].json["x-y"]`,
	} {
		if p, err := Parse(text); err != nil || p.String() != want {
			t.Errorf("%s: got %s, %v", text, p, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	f := func(text string, offset int, words ...string) {
		t.Helper()
		_, err := Parse(text)
		var bad *ParseError
		if !errors.As(err, &bad) {
			t.Errorf("%s: error %v", text, err)
			return
		}
		if bad.Offset != offset {
			t.Errorf("%s: byte %d, want %d: %v", text, bad.Offset, offset, err)
		}
		for _, w := range words {
			if !strings.Contains(bad.Reason, w) {
				t.Errorf("%s: %q does not tell of %q", text, bad.Reason, w)
			}
		}
	}
	f(``, 0, "the end", "request or response")
	f(`header["X"]`, 0, `"header"`, "request or response")
	f(`request`, 7, "the end", "header, cookie", "mcp")
	f(`request.`, 8, "the end", "header")
	f(`request.jsn["x"]`, 8, `"jsn"`, "json")
	f(`request.status`, 8, `"status"`, "method")
	f(`response.cookie["a"]`, 9, `"cookie"`, "set_cookie")
	f(`response.graphql.operation`, 9, `"graphql"`)
	f(`request.jwt.payload["sub"]`, 8, `"jwt"`)
	f(`request.header`, 14, "the end", `["x"]`)
	f(`request.header[0]`, 14, `["x"]`)
	f(`request.header["A"]["b"]`, 19, "an index")
	f(`request.header["A"][0][0]`, 22, "no third")
	f(`request.method["x"]`, 14, "no brackets")
	f(`request.path["a"]`, 12, "an index")
	f(`request.grpc["a"]`, 12, "field number")
	f(`request.json["a"`, 16, "the end", "]")
	f(`request.json["a]`, 13, "double quotes")
	f(`request.json[a]`, 13, `"a"`, "an index")
	f(`request.json[01]`, 13, "an index")
	f(`request.json[-1]`, 13, "an index")
	f(`request.json[536870912]`, 13, "an index")
	f(`request.json[99999999999999999999]`, 13, "an index")
	f(`request.json["\ud800"]`, 13, "JSON string")
	f("request.json[\"\xff\"]", 13, "JSON string")
	f("request.json[\"\n\"]", 13, "JSON string")
	f(`request.json["a"]x`, 17, `"x"`, "base64")
	f(`request.json ["a"]`, 12, `" "`)
	f(`request.header["A"].jwt`, 23, "header, payload")
	f(`request.header["A"].jwt["sub"]`, 23, "no brackets")
	f(`request.mcp.argument`, 20, `["x"]`)
	f(`request.mcp.meta[1]`, 19, "behind the index")
	f(`request.graphql`, 15, "operation")
	f(`request.header["A"].jwt.sub`, 24, `"sub"`, "payload")
	f(`request.host.`, 13, "the end", "jwt")
	f(`request.json["`+strings.Repeat("x", MaxPointBytes)+`"]`, MaxPointBytes, "at most")
	f(`request.host`+strings.Repeat(".base64", MaxPointSteps), 12+7*(MaxPointSteps-1), "at most")
	f(`request.json`+strings.Repeat("[0]", MaxPointKeys+1), 12+3*MaxPointKeys, "at most")
}

func TestIndexOf(t *testing.T) {
	for text, want := range map[string]int{
		"0": 0, "7": 7, "10": 10, "536870911": MaxIndex, "536870912": -1, "5368709110": -1, "99999999999999999999": -1,
		"": -1, "-1": -1, "+1": -1, "01": -1, "00": -1, "1a": -1, "１": -1,
	} {
		if got, ok := indexOf(text); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: got %d, %v", text, got, ok)
		}
	}
}

// What String prints, Parse reads back: held for points drawn from the grammar.
func TestParseReadsWhatStringPrints(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		p := drawPoint(draw)
		got, err := Parse(p.String())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s (-drawn +parsed):\n%s", p, diff)
		}
	}
}

func drawPoint(draw *rand.Rand) (p Point) {
	p.Side = []Side{Request, Response}[draw.IntN(2)]
	for next, group := topFormats(p.Side), true; group || draw.IntN(3) > 0 && len(p.Steps) < 8; {
		f := next[draw.IntN(len(next))]
		s := Step{Name: f.name}
		for range draw.IntN(4) {
			s.Keys = append(s.Keys, drawKey(draw))
		}
		for {
			i, want := f.keys(s.Keys)
			if want == "" {
				break
			}
			s.Keys = append(s.Keys[:i], drawKey(draw))
			if draw.IntN(4) == 0 {
				s.Keys = nil
			}
		}
		if f.canonical && s.Keys[0].By == ByName {
			s.Keys[0] = Header(s.Keys[0].Name).Steps[0].Keys[0]
		}
		for i := range s.Keys {
			if f.numeric && i > 0 && s.Keys[i].By == ByName {
				s.Keys[i] = numericKey(s.Keys[i])
			}
		}
		p.Steps, next, group = append(p.Steps, s), f.followers(), f.group
	}
	return p
}

func drawKey(draw *rand.Rand) Key {
	switch draw.IntN(4) {
	case 0:
		return Key{By: All}
	case 1:
		return Key{By: ByIndex, Index: draw.IntN(MaxIndex+1) >> draw.IntN(30)}
	}
	name := make([]rune, draw.IntN(6))
	for i := range name {
		name[i] = []rune{rune(draw.IntN(128)), rune(draw.IntN(0x110000)), '"', '\\', ']', '.', '\u2028'}[draw.IntN(7)]
		if !utf8.ValidRune(name[i]) {
			name[i] = utf8.RuneError
		}
	}
	return Key{Name: string(name)}
}

func FuzzParse(f *testing.F) {
	f.Add(`request.json["items"][*]["id"]`)
	f.Add(`response.header["x"][1].jwt.payload["\u0061"]`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(p.String())
		if err != nil {
			t.Fatalf("%q is read and printed as %q, which is not: %v", text, p, err)
		}
		if diff := cmp.Diff(p, again); diff != "" {
			t.Fatalf("%q:\n%s", text, diff)
		}
	})
}
