package exchange

import (
	"strings"
	"testing"
)

func TestSetJA4(t *testing.T) {
	f := func(text, fingerprint string) {
		t.Helper()
		x := &Exchange{}
		ok := x.SetJA4(text)
		if want := fingerprint != ""; ok != want || x.Fingerprint != fingerprint || ok && x.JA4 != text || !ok && x.JA4 != "" {
			t.Errorf("%.60q: %v, JA4 %q, fingerprint %q", text, ok, x.JA4, x.Fingerprint)
		}
	}
	const spec = "t13d1516h2_8daaf6152771_e5627efa2ab1"
	f(spec, "t13d15_8daaf6152771")
	f("q13d0312h3_55b375c5d22e_06cda9e17597", "q13d03_55b375c5d22e")
	f("t10d230100_6a57a6f57151_000000000000", "t10d23_6a57a6f57151")
	f("t00i0000Zz_000000000000_000000000000", "t00i00_000000000000")
	f("ds3i010000_000000000000_000000000000", "ds3i01_000000000000")

	f("", "")
	f(" "+spec, "")
	f(spec+"\n", "")
	f(spec[1:]+"1", "")
	f(strings.ToUpper(spec), "")
	f("t13d1516h2_8daaf615277g_e5627efa2ab1", "")
	f("t13d1516h2-8daaf6152771-e5627efa2ab1", "")
	f("t13x1516h2_8daaf6152771_e5627efa2ab1", "")
	f("t13d15\x006h2_8daaf6152771_e5627efa2ab1", "")
	f("t13d1516\u00e9_8daaf6152771_e5627efa2ab1", "")
	f("t13d1516h2_002f,0035,009c_0005,000a_0403", "")
	f("579ccef312d18482fc42e2b822ca2430", "") // a JA3
	f(strings.Repeat(spec, 10_000), "")
}

// TestSetJA4Resumed: a resumption adds an extension, and is the same client.
func TestSetJA4Resumed(t *testing.T) {
	var fresh, resumed Exchange
	fresh.SetJA4("t13d1516h2_8daaf6152771_02713d6af862")
	resumed.SetJA4("t13d1517h2_8daaf6152771_b0da82dd1658")
	if fresh.Fingerprint != resumed.Fingerprint || fresh.JA4 == resumed.JA4 {
		t.Errorf("%+v\n%+v", fresh, resumed)
	}
}

func FuzzSetJA4(f *testing.F) {
	f.Add("t13d1516h2_8daaf6152771_e5627efa2ab1")
	f.Fuzz(func(t *testing.T, text string) {
		var x Exchange
		ok := x.SetJA4(text)
		if ok != (x.JA4 == text && len(x.JA4) == JA4Bytes && x.Fingerprint != "") || !ok && x.JA4+x.Fingerprint != "" {
			t.Fatalf("%q: %v, %q, %q", text, ok, x.JA4, x.Fingerprint)
		}
	})
}
