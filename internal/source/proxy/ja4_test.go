package proxy

import (
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"sojourn/internal/exchange"
)

// The hellos whose JA4 FoxIO published: in its specification, and for the captures
// of its repository (tls12, sigalg-grease, socks-https-example). The values that
// GREASE adds are not in what is published; they are mixed in here.
const (
	specCiphers    = "0a0a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"
	specExtensions = "fafa,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015,1a1a"
	specSchemes    = "0403,0804,0401,0503,0805,0501,0806,0601"

	firefoxCiphers    = "1301,1303,1302,c02b,c02f,cca9,cca8,c02c,c030,c00a,c009,c013,c014,009c,009d,002f,0035"
	firefoxExtensions = "0000,0017,ff01,000a,000b,0023,0010,0005,0022,0033,002b,000d,002d,001c,0015"
	firefoxSchemes    = "0403,0503,0603,0804,0805,0806,0401,0501,0601,0203,0201"

	greaseExtensions = "fe0d,0010,0017,0033,44cd,ff01,000a,000d,0023,002b,000b,ca34,002d,0000,0005,001b,0012,eaea"
	greaseSchemes    = "caca,0904,0905,0906,0403,0804,0401,0503,0805,0501,0806,0601"

	oldCiphers = "0039,0038,0035,0016,0013,000a,0033,0032,002f,009a,0099,0096,0005,0004,0015,0012,0009,0014,0011,0008,0006,0003,00ff"
)

func helloOf(t testing.TB, versions, ciphers, extensions, schemes string, protocols ...string) *tls.ClientHelloInfo {
	t.Helper()
	hello := &tls.ClientHelloInfo{
		SupportedVersions: codes(t, versions), CipherSuites: codes(t, ciphers), Extensions: codes(t, extensions), SupportedProtos: protocols,
	}
	for _, s := range codes(t, schemes) {
		hello.SignatureSchemes = append(hello.SignatureSchemes, tls.SignatureScheme(s))
	}
	return hello
}

// codes reads comma-separated codes of four hex digits.
func codes(t testing.TB, list string) (out []uint16) {
	t.Helper()
	if list == "" {
		return nil
	}
	for code := range strings.SplitSeq(list, ",") {
		b, err := hex.DecodeString(code)
		if err != nil || len(b) != 2 {
			t.Fatalf("%q is no code", code)
		}
		out = append(out, binary.BigEndian.Uint16(b))
	}
	return out
}

func TestJA4(t *testing.T) {
	f := func(name string, hello *tls.ClientHelloInfo, want string) {
		t.Helper()
		got, fingerprint := ja4Of(hello)
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		for _, s := range []string{got, fingerprint} {
			if !new(exchange.Exchange).SetJA4(s) {
				t.Errorf("%s: %q has not the form of a JA4", name, s)
			}
		}
	}
	f("specification", helloOf(t, "5a5a,0304,0303", specCiphers, specExtensions, specSchemes, "h2", "http/1.1"), "t13d1516h2_8daaf6152771_e5627efa2ab1")
	f("specification, no signature algorithms", helloOf(t, "0304", specCiphers, specExtensions, "", "h2"), "t13d1516h2_8daaf6152771_6d807ffa2a79")
	f("Firefox", helloOf(t, "0304,0303", firefoxCiphers, firefoxExtensions, firefoxSchemes, "h2", "http/1.1"), "t13d1715h2_5b57614c22b0_3d5424432f57")
	f("GREASE among the signature algorithms", helloOf(t, "0304,0303", specCiphers, greaseExtensions, greaseSchemes, "h2"), "t13d1517h2_8daaf6152771_cb7bf5808d99")
	f("TLS 1.0 with a name alone", helloOf(t, "0301", oldCiphers, "0000", ""), "t10d230100_6a57a6f57151_000000000000")
	f("nothing", &tls.ClientHelloInfo{}, "t00i000000_000000000000_000000000000")
	f("GREASE alone", helloOf(t, "0a0a", "dada", "baba", "eaea"), "t00i000000_000000000000_000000000000")
	f("no name, HTTP/1.1", helloOf(t, "0303", specCiphers, "0010", "", "http/1.1"), "t12i1501h1_8daaf6152771_000000000000")
}

// TestJA4Crowded: numbers beyond two digits are written as 99.
func TestJA4Crowded(t *testing.T) {
	hello := &tls.ClientHelloInfo{SupportedVersions: []uint16{tls.VersionTLS12}}
	for i := range uint16(30_000) {
		hello.CipherSuites = append(hello.CipherSuites, i)
		if i < 200 {
			hello.Extensions = append(hello.Extensions, i)
		}
	}
	if got, fingerprint := ja4Of(hello); !strings.HasPrefix(got, "t12d999900_") || !strings.HasPrefix(fingerprint, "t12d999900_") {
		t.Errorf("%s, %s", got, fingerprint)
	}
}

func TestJA4ALPN(t *testing.T) {
	f := func(want string, protocols ...string) {
		t.Helper()
		if got := ja4ALPN(protocols); got != want {
			t.Errorf("%q: %s, want %s", protocols, got, want)
		}
	}
	f("00")
	f("00", "")
	f("h2", "h2", "http/1.1")
	f("h1", "http/1.1")
	f("xx", "x")
	// The examples of the specification.
	f("ab", "\xab")
	f("ad", "\xab\xcd")
	f("3b", "0\xab")
	f("3d", "01\xab\xcd")
	f("01", "0\xab\xcd1")
}

// TestFingerprint: what a resumption changes, and what a browser offers for a
// WebSocket, leaves it alone; anything else does not.
func TestFingerprint(t *testing.T) {
	_, plain := ja4Of(helloOf(t, "0304,0303", specCiphers, specExtensions, specSchemes, "h2", "http/1.1"))
	f := func(name string, same bool, hello *tls.ClientHelloInfo) {
		t.Helper()
		if _, got := ja4Of(hello); (got == plain) != same {
			t.Errorf("%s: %s beside %s", name, got, plain)
		}
	}
	fewer := strings.Replace(specExtensions, ",0015", "", 1)
	f("resumed", true, helloOf(t, "0304,0303", specCiphers, specExtensions+",0029", specSchemes, "h2", "http/1.1"))
	f("resumed with early data and no padding", true, helloOf(t, "0304,0303", specCiphers, "002a,"+fewer+",0029", specSchemes, "h2", "http/1.1"))
	f("another protocol", true, helloOf(t, "0304,0303", specCiphers, specExtensions, specSchemes, "http/1.1"))
	f("no protocol", true, helloOf(t, "0304,0303", specCiphers, strings.Replace(specExtensions, ",0010", "", 1), specSchemes))
	f("other GREASE", true, helloOf(t, "0304,0303", "dada"+specCiphers[4:], specExtensions, specSchemes, "h2"))
	f("another order", true, helloOf(t, "0304,0303", specCiphers, "0015,"+fewer, specSchemes, "h2"))
	f("one more extension", false, helloOf(t, "0304,0303", specCiphers, specExtensions+",fe0d", specSchemes, "h2"))
	f("one cipher less", false, helloOf(t, "0304,0303", specCiphers[:len(specCiphers)-5], specExtensions, specSchemes, "h2"))
	f("other signature algorithms", false, helloOf(t, "0304,0303", specCiphers, specExtensions, specSchemes[5:], "h2"))
	f("an older version", false, helloOf(t, "0303", specCiphers, specExtensions, specSchemes, "h2"))
}

func FuzzJA4(f *testing.F) {
	f.Add([]byte{3, 4}, []byte{0x13, 1, 0x0a, 0x0a}, []byte{0, 0, 0, 16, 0, 41}, []byte{4, 3}, "h2")
	f.Add([]byte{}, []byte{1}, []byte{}, []byte{}, "\xab")
	f.Fuzz(func(t *testing.T, versions, ciphers, extensions, schemes []byte, protocol string) {
		hello := &tls.ClientHelloInfo{
			SupportedVersions: pairsOf[uint16](versions), CipherSuites: pairsOf[uint16](ciphers), Extensions: pairsOf[uint16](extensions),
			SignatureSchemes: pairsOf[tls.SignatureScheme](schemes), SupportedProtos: []string{protocol},
		}
		ja4, fingerprint := ja4Of(hello)
		if !new(exchange.Exchange).SetJA4(ja4) || !new(exchange.Exchange).SetJA4(fingerprint) {
			t.Fatalf("%q, %q", ja4, fingerprint)
		}
		hello.SupportedProtos = nil
		hello.Extensions = append(hello.Extensions, extensionPreSharedKey, 0x1a1a)
		hello.CipherSuites = append(hello.CipherSuites, 0xfafa)
		if _, again := ja4Of(hello); again != fingerprint {
			t.Fatalf("%s became %s", fingerprint, again)
		}
	})
}

func pairsOf[V ~uint16](b []byte) (out []V) {
	for ; len(b) > 1; b = b[2:] {
		out = append(out, V(binary.BigEndian.Uint16(b)))
	}
	return out
}

func BenchmarkJA4(b *testing.B) {
	hello := helloOf(b, "5a5a,0304,0303", specCiphers, specExtensions, specSchemes, "h2", "http/1.1")
	b.ReportAllocs()
	for b.Loop() {
		ja4Of(hello)
	}
}
