package point

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

func TestReadJWT(t *testing.T) {
	const hs = `{"alg":"HS256","typ":"JWT"}`
	f := func(name, token, want string, how JWT) {
		t.Helper()
		got := make([]string, 3)
		t.Run(name, func(t *testing.T) {
			t.Helper()
			if gotHow := ReadJWT(token, []string{"iss", "sid", "sub"}, got); gotHow != how {
				t.Errorf("got %+v, want %+v", gotHow, how)
			}
			if diff := cmp.Diff(want, strings.Join(got, "|")); diff != "" {
				t.Error(diff)
			}
		})
	}
	ok := JWT{OK: true}
	f("strings", jwt(hs, `{"iss":"https://id.example.com","sub":"ann","sid":"s1","aud":["a",{"b":1}]}`), "https://id.example.com|s1|ann", ok)
	f("bearer", "Bearer "+jwt(hs, `{"sub":"ann"}`), "||ann", ok)
	f("numbers", jwt(hs, `{"sub":42,"sid":true,"iss":1.50}`), "1.50|true|42", ok)
	f("nothing", jwt(hs, `{"sub":null,"sid":{"a":1},"iss":["b"]}`), "||", ok)
	f("nested names do not count", jwt(hs, `{"a":{"sub":"x"},"sub":"ann"}`), "||ann", ok)
	f("names are case-sensitive", jwt(hs, `{"Sub":"x"}`), "||", ok)
	f("escaped names", jwt(hs, `{"s\u0075b":"\u0061nn"}`), "||ann", ok)
	f("invalid UTF-8", jwt(hs, "{\"sub\":\"a\xff\"}"), "||a\ufffd", ok)
	f("padded", "eyJhbGciOiJub25lIn0=.eyJzdWIiOiJhbm4ifQ==.", "||ann", ok)
	f("last duplicate", jwt(hs, `{"sub":"ann","sub":"bob"}`), "||bob", JWT{OK: true, Duplicate: true})
	f("broken behind", jwt(hs, `{"sub":"ann","x":`), "||ann", JWT{OK: true, Malformed: true})
	f("too deep", jwt(hs, `{"sub":"ann","x":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`,"sid":"s"}`), "||ann", JWT{OK: true, Malformed: true})
	f("not an object", jwt(hs, `["sub"]`), "||", JWT{OK: true, Malformed: true})

	f("empty", "", "||", JWT{})
	f("opaque", "9f8a7b6c5d4e", "||", JWT{})
	f("no algorithm", jwt(`{"typ":"JWT"}`, `{"sub":"ann"}`), "||", JWT{})
	f("header not JSON", jwt(`{{`, `{"sub":"ann"}`), "||", JWT{})
	f("payload not base64", "eyJhbGciOiJub25lIn0.!!!.", "||", JWT{})
	f("two parts", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ", "||", JWT{})
	f("five parts", jwt(hs, `{}`)+".a.b", "||", JWT{})
	f("too long", jwt(hs, `{"sub":"`+strings.Repeat("x", MaxJWTBytes)+`"}`), "||", JWT{})
}

func jwt(header, payload string) string {
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(payload)) + ".c2lnbmF0dXJl"
}

// TestKeepingTokens: a value tells the token in whose payload it stood, the
// innermost one, and nothing that stood beside it.
func TestKeepingTokens(t *testing.T) {
	inner := jwt(`{"alg":"ES256"}`, `{"sub":"inner"}`)
	outer := jwt(`{"alg":"RS256","kid":"k"}`, `{"sub":"ann","box":"`+base64.StdEncoding.EncodeToString([]byte(`{"a":"b"}`))+`","jwt":"`+inner+`"}`)
	other := jwt(`{"alg":"RS256"}`, `{"sub":"bob"}`)
	points := []string{
		`request.header["A"].jwt.payload["sub"]`,
		`request.header["A"].jwt.payload["box"].base64.json["a"]`,
		`request.header["A"].jwt.payload["jwt"].jwt.payload["sub"]`,
		`request.header["A"].jwt.payload["jwt"]`,
		`request.header["A"].jwt.header["kid"]`,
		`request.header["A"]`,
		`request.header["B"].base64.jwt.payload["sub"]`,
		`request.header["C"][*].jwt.payload["sub"]`,
		`response.header["D"].base64.jwt.payload["sub"]`,
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(other))
	x := &exchange.Exchange{
		Header:         http.Header{"A": {"Bearer " + outer + "~disclosure~"}, "B": {encoded}, "C": {other, outer}},
		ResponseHeader: http.Header{"D": {base64.StdEncoding.EncodeToString([]byte(inner))}},
	}
	want := [][]string{{outer}, {outer}, {inner}, {outer}, {""}, {""}, {other}, {other, outer}, {inner}}
	e := mustCompile(t, points...)
	var out Result
	for range 2 { // the second time in used memory
		out.Reset()
		keeping := e.KeepingTokens()
		keeping.Request(x, &out)
		keeping.Response(x, &out)
		for i := range points {
			var got []string
			for v := range out.Values(i) {
				got = append(got, string(v.Token))
			}
			if diff := cmp.Diff(want[i], got); diff != "" {
				t.Errorf("%s\n%s", points[i], diff)
			}
		}
	}
	out.Reset()
	e.Request(x, &out)
	if v, ok := out.First(0); !ok || v.Token != nil {
		t.Errorf("nobody asked, and the token is kept: %q", v.Token)
	}

	// Beyond the limit values are kept without their tokens, and that is said.
	many := make([]string, 9)
	for i := range many {
		many[i] = jwt(`{"alg":"RS256"}`, `{"sub":"a","x":"`+strings.Repeat("x", 8<<10)+`"}`)
	}
	out.Reset()
	e.KeepingTokens().Request(&exchange.Exchange{Header: http.Header{"C": many}}, &out)
	values, tokens := 0, 0
	for v := range out.Values(7) {
		values++
		if v.Token != nil {
			tokens += len(v.Token)
		}
	}
	limit := Note{Side: Request, Kind: LimitHit, Format: "jwt", Offset: -1, Text: string(LimitTokenBytes)}
	if values != len(many) || tokens == 0 || tokens > DefaultLimits().TokenBytes || !cmp.Equal(out.Notes, []Note{limit}) {
		t.Errorf("%d values, %d bytes of tokens, notes %v", values, tokens, out.Notes)
	}
}

// FuzzReadJWT holds the reader against encoding/json, where that reads the payload.
func FuzzReadJWT(f *testing.F) {
	f.Add(`{"sub":"ann","iss":1}`)
	f.Add(`{"a":[{"sub":1}],"sub":"\u0061"}`)
	f.Fuzz(func(t *testing.T, payload string) {
		var got [1]string
		how := ReadJWT(jwt(`{"alg":"none"}`, payload), []string{"sub"}, got[:])
		var want map[string]any
		if len(payload) > MaxJWTBytes/2 || json.Unmarshal([]byte(payload), &want) != nil || how.Malformed {
			return
		}
		if text, isText := want["sub"].(string); isText && got[0] != text {
			t.Fatalf("%q: got %q, want %q", payload, got[0], text)
		}
	})
}

func FuzzReadJWTRaw(f *testing.F) {
	f.Add(jwt(`{"alg":"none"}`, `{"sub":"ann"}`))
	f.Fuzz(func(t *testing.T, token string) {
		got := []string{"stale"}
		if how := ReadJWT(token, []string{"sub"}, got); !how.OK && got[0] != "" {
			t.Fatalf("%q is no JWT and yields %q", token, got[0])
		}
	})
}

// FuzzToken holds the point against ReadJWT, where that finds a token at all.
func FuzzToken(f *testing.F) {
	f.Add("Bearer " + jwt(`{"alg":"none"}`, `{"sub":"ann","sid":1,"sub":"bob"}`))
	f.Add(jwt(`{"alg":"none"}`, `{"s\u0075b":null}`) + "~disclosure~")
	e := mustCompile(f, `request.header["A"].jwt.payload["sub"]`, `request.header["A"].jwt.payload["sid"]`, `request.header["A"].jwt.header["kid"]`)
	f.Fuzz(func(t *testing.T, token string) {
		var out Result
		e.Request(&exchange.Exchange{Header: http.Header{"A": {token}}}, &out)
		want := make([]string, 2)
		if how := ReadJWT(token, []string{"sub", "sid"}, want); !how.OK || how.Malformed || strings.Contains(want[0]+want[1], "\ufffd") {
			return
		}
		for i := range want {
			if v, _ := out.First(i); string(v.Text) != want[i] {
				t.Fatalf("%q: got %q, ReadJWT %q", token, v.Text, want[i])
			}
		}
	})
}

func BenchmarkReadJWT(b *testing.B) {
	token := "Bearer " + jwt(`{"alg":"RS256","kid":"2026-01","typ":"JWT"}`, `{"iss":"https://id.example.com/realms/shop","sub":"0b0f2f8e-8f2e-4a53-9f5c-0f1f4d4b5e6a","aud":"shop","exp":1790000000,"realm_access":{"roles":["user","admin"]},"sid":"f1d2d2f9"}`)
	want, got := []string{"iss", "sid", "sub"}, make([]string, 3)
	b.SetBytes(int64(len(token)))
	b.ReportAllocs()
	for b.Loop() {
		ReadJWT(token, want, got)
	}
}
