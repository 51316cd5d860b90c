package inspect

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sojourn/internal/exchange"
	"sojourn/internal/inspect/jwks"
	"sojourn/internal/record"
)

// authority signs tokens; its key set is a file.
type authority struct {
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t testing.TB) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{KeyID: "k", Algorithm: "ES256", Use: "sig", Key: key.Public()}}})
	if err != nil {
		t.Fatal(err)
	}
	a := authority{key: key, file: filepath.Join(t.TempDir(), "keys.json")}
	if err := os.WriteFile(a.file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a authority) sign(t testing.TB, claims string) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithHeader("kid", "k")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: a.key}, options)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forge is what anyone can write.
func forge(claims string) string {
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(`{"alg":"ES256","kid":"k"}`)) + "." + e.EncodeToString([]byte(claims)) + "." + e.EncodeToString(make([]byte, 64))
}

// verifyingPipeline is a Pipeline that has the key sets of its policy.
func verifyingPipeline(t testing.TB, doc string) *Pipeline {
	t.Helper()
	ring := jwks.New(jwks.Config{Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	t.Cleanup(ring.Close)
	p, err := New(Config{Key: testKey, Policy: parsePolicy(t, doc), Revision: 3, Node: 7, Keys: ring})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestVerified(t *testing.T) {
	us, them := newAuthority(t), newAuthority(t)
	const ann = `{"iss":"https://id","sub":"ann","client_id":"app","tenant":"t1","box":{"id":"x1"}}`
	good := us.sign(t, ann)
	in64 := base64.StdEncoding.EncodeToString
	mcp := func(token string) *exchange.Exchange {
		x := withBody(get("h", "/mcp", "", "Authorization: Bearer "+token),
			`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`)
		x.Method = "POST"
		x.Header.Set("Mcp-Protocol-Version", "2026-07-28")
		x.Header.Set("Mcp-Method", "tools/list")
		return x
	}
	header := func(lines ...string) func(string) *exchange.Exchange {
		return func(token string) *exchange.Exchange {
			x := get("h", "/", "")
			for _, line := range lines {
				name, value, _ := strings.Cut(strings.NewReplacer("TOKEN64", in64([]byte(token)), "TOKEN", token).Replace(line), ": ")
				x.Header.Add(name, value)
			}
			return x
		}
	}
	own := func(points ...string) string {
		return "session: {parameters: [{name: k, group: true, points: ['" + strings.Join(points, "', '") + "']}]}\n"
	}
	for _, c := range []struct {
		name, doc string
		x         func(token string) *exchange.Exchange
		key       string
		want      record.Strength // with a good token
	}{
		{"built-in sub", "", header("Authorization: Bearer TOKEN"), "jwt.sub", record.StrengthSecret},
		{"built-in, bare token", "", header("X-Auth-Token: TOKEN"), "jwt.sub", record.StrengthSecret},
		{"built-in, cookie", "", header("Cookie: a=b; id_token=TOKEN"), "jwt.sub", record.StrengthSecret},
		{"built-in, query", "", func(token string) *exchange.Exchange { return get("h", "/", "access_token="+token) }, "jwt.sub", record.StrengthSecret},
		{"MCP subject", "", mcp, record.MCPSubjectKey, record.StrengthSecret},
		{"MCP server's point", "mcp: [{host: h, path: /mcp, session: 'request.header[\"Authorization\"].jwt.payload[\"sub\"]'}]\n", mcp, record.MCPServerKey, record.StrengthSecret},
		{"own key", own(`request.header["Authorization"].jwt.payload["sub"]`), header("Authorization: Bearer TOKEN"), "k", record.StrengthSecret},
		{"own key of a user", "session: {parameters: [{name: k, group: true, type: user, point: 'request.header[\"A\"].jwt.payload[\"sub\"]'}]}\n", header("A: TOKEN"), "k", record.StrengthSecret},
		{"nested claim", own(`request.header["A"].jwt.payload["box"]["id"]`), header("A: TOKEN"), "k", record.StrengthSecret},
		{"encoded token", own(`request.header["A"].base64.jwt.payload["sub"]`), header("A: TOKEN64"), "k", record.StrengthSecret},
		{"with disclosures", own(`request.header["A"].jwt.payload["sub"]`), header("A: TOKEN~WyJhIl0~"), "k", record.StrengthSecret},
		{"header of the token", own(`request.header["A"].jwt.header["kid"]`), header("A: TOKEN"), "k", record.StrengthClaimed},
		{"two claims", own(`request.header["A"].jwt.payload["sub"]`, `request.header["A"].jwt.payload["tenant"]`), header("A: TOKEN"), "k", record.StrengthSecret},
		{"beside what anyone can write", own(`request.header["A"].jwt.payload["tenant"]`, `request.header["User"]`), header("A: TOKEN", "User: bob"), "k", record.StrengthClaimed},
		{"beside a forged token", own(`request.header["A"].jwt.payload["tenant"]`, `request.header["B"].jwt.payload["sub"]`), header("A: TOKEN", "B: "+forge(`{"sub":"bob"}`)), "k", record.StrengthClaimed},
		{"the first of two has no such claim", own(`request.header["A"][*].jwt.payload["other"]`), header("A: TOKEN", "A: "+forge(`{"other":"bob"}`)), "k", record.StrengthClaimed},
		{"the first of two", own(`request.header["A"][*].jwt.payload["sub"]`), header("A: "+forge(`{"sub":"bob"}`), "A: TOKEN"), "k", record.StrengthClaimed},
		{"a token inside a good one", own(`request.header["A"].jwt.payload["jwt"].jwt.payload["sub"]`), header("A: " + us.sign(t, `{"jwt":"`+forge(ann)+`"}`)), "k", record.StrengthClaimed},
		{"a good one inside a forged one", own(`request.header["A"].jwt.payload["jwt"].jwt.payload["sub"]`), header("A: " + forge(`{"jwt":"`+good+`"}`)), "k", record.StrengthSecret},
		{"the response", own(`response.json["token"].jwt.payload["sub"]`), func(token string) *exchange.Exchange {
			return withAnswer(get("h", "/", "", "A: "+good), `{"token":"`+token+`"}`)
		}, "k", record.StrengthSecret},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := inspected(t, testPipeline(t, c.doc), c.x(good))
			p := verifyingPipeline(t, c.doc+"jwks: "+us.file+"\n")
			got := inspected(t, p, c.x(good))
			if got.Key != c.key || got.Strength != c.want || record.Verified(got.Point, got.Strength) != (c.want == record.StrengthSecret) {
				t.Errorf("key %s at %s: %s", got.Key, got.Point, got.Strength)
			}
			if before.Strength != record.StrengthClaimed || before.Session != got.Session || before.Key != got.Key {
				t.Errorf("without key sets: key %s, %s, session %s, else %s", before.Key, before.Strength, before.Session, got.Session)
			}
			if strings.HasPrefix(c.name, "a ") {
				return // it brings its own tokens
			}
			bad := map[string]string{
				"another authority": them.sign(t, ann),
				"forged":            forge(ann),
				"cut":               good[:len(good)-2],
				"expired":           us.sign(t, strings.TrimSuffix(ann, "}")+`,"exp":1}`),
			}
			for name, token := range bad {
				if r := inspected(t, p, c.x(token)); r.Strength != record.StrengthClaimed || r.Session != got.Session {
					t.Errorf("%s: %s, session %s, the good one's %s", name, r.Strength, r.Session, got.Session)
				}
			}
		})
	}
}

// TestVerifiedThen: a token is judged at the time of its exchange.
func TestVerifiedThen(t *testing.T) {
	us := newAuthority(t)
	p := verifyingPipeline(t, "jwks: "+us.file+"\n")
	token := us.sign(t, `{"sub":"ann","nbf":1000000000,"exp":1000003600}`)
	for started, want := range map[time.Time]record.Strength{
		time.Unix(1000000000, 0):       record.StrengthSecret,
		time.Unix(1000003600+59, 0):    record.StrengthSecret,
		time.Unix(1000003600+60, 0):    record.StrengthClaimed,
		time.Unix(1000000000-60-1, 0):  record.StrengthClaimed,
		time.Unix(1000000000+36000, 0): record.StrengthClaimed,
	} {
		x := get("h", "/", "", "Authorization: Bearer "+token)
		x.Started = started
		if r := inspected(t, p, x); r.Strength != want {
			t.Errorf("%s: %s", started, r.Strength)
		}
	}
}

// TestVerifiedByPolicy: an exchange is judged by the key sets of its own policy.
func TestVerifiedByPolicy(t *testing.T) {
	us, them := newAuthority(t), newAuthority(t)
	p := verifyingPipeline(t, "jwks: "+us.file+"\n")
	x := func() *exchange.Exchange {
		return get("h", "/", "", "Authorization: Bearer "+us.sign(t, `{"sub":"ann"}`))
	}
	f := func(when string, x *exchange.Exchange, want record.Strength) {
		t.Helper()
		if r := inspected(t, p, x); r.Strength != want {
			t.Errorf("%s: %s", when, r.Strength)
		}
	}
	set := func(doc string) {
		t.Helper()
		if err := p.SetPolicy(parsePolicy(t, doc), 4); err != nil {
			t.Fatal(err)
		}
	}
	begun := x()
	p.Begin(begun)
	f("named", x(), record.StrengthSecret)
	set("jwks: " + them.file + "\n")
	f("another", x(), record.StrengthClaimed)
	f("begun before", begun, record.StrengthSecret)
	set("")
	f("none", x(), record.StrengthClaimed)
	set("jwks: [" + them.file + ", " + us.file + "]\n")
	f("both", x(), record.StrengthSecret)
}

// BenchmarkVerified is the cost of key sets: without any, with a token that
// decides, and with one that does not.
func BenchmarkVerified(b *testing.B) {
	us := newAuthority(b)
	token := "Authorization: Bearer " + us.sign(b, `{"iss":"https://id","sub":"ann"}`)
	for _, c := range []struct {
		name, doc string
		header    []string
	}{
		{"Without", "", []string{token}},
		{"Decides", "jwks: " + us.file + "\n", []string{token}},
		{"Beside", "jwks: " + us.file + "\n", []string{token, "Cookie: PHPSESSID=0f8fad5bd9cb469fa165"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := verifyingPipeline(b, c.doc)
			x := get("h", "/", "", c.header...)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := p.Inspect(x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
