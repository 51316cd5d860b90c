package importer

import (
	"strings"
	"testing"
)

func TestDetect(t *testing.T) {
	const (
		rest     = ` [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1`
		quoted   = rest + ` "-" "agent"`
		nonsense = "# a comment\nnonsense\n"
	)
	for _, tc := range []struct {
		name, head string
		want       Format
	}{
		{"combined", "192.0.2.1 - -" + quoted, Combined},
		{"common", "192.0.2.1 - -" + rest, Common},
		{"common, CRLF", "192.0.2.1 - -" + rest + "\r\n192.0.2.1 - -" + rest + "\r\n", Common},
		{"host and port first", "shop.example:443 192.0.2.1 - -" + quoted, VHost},
		{"host first", "shop.example 192.0.2.1 - -" + quoted, VHost},
		{"host first, common", "shop.example 192.0.2.1 - -" + rest, VHost},
		{"address as host", "10.0.0.1 192.0.2.1 - -" + quoted, VHost},
		{"host first, clients by name", "shop.example client.example - -" + quoted, VHost},
		{"user with spaces", "192.0.2.1 - john doe" + quoted, Combined},
		{"user with spaces and host first", "shop.example 192.0.2.1 - john doe" + quoted, VHost},
		{"the most lines decide", "192.0.2.1 - -" + rest + "\n" + strings.Repeat("192.0.2.1 - -"+quoted+"\n", 3), Combined},
		{"some nonsense", nonsense + "192.0.2.1 - -" + rest, Common},
		{"only nonsense", nonsense, Combined},
		{"nothing", "", Combined},
		{"har", "\xef\xbb\xbf \r\n{\"log\":{", HAR},
	} {
		if got := detect([]byte(tc.head)); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for f := Auto; f <= HAR; f++ {
		if got, err := ParseFormat(f.String()); got != f || err != nil {
			t.Errorf("%v: %v, %v", f, got, err)
		}
	}
	if _, err := ParseFormat("iis"); err == nil || !strings.Contains(err.Error(), Formats()) {
		t.Errorf("the error must name the formats: %v", err)
	}
}
