package point

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

func TestMetadataPoints(t *testing.T) {
	all := []string{`request.host`, `request.method`, `request.scheme`, `request.protocol`, `request.ip`, `request.ja4`, `response.status`}
	f := func(x exchange.Exchange, want string) {
		t.Helper()
		if diff := cmp.Diff(want, extract(t, &x, all...)); diff != "" {
			t.Error(diff)
		}
	}
	f(exchange.Exchange{}, `request.host =
request.method =
request.scheme =
request.protocol =
request.ip =
request.ja4 =
response.status =
`)
	f(exchange.Exchange{
		Host: "Shop.Example.COM:8443", Method: "GET", Scheme: "https", Proto: "HTTP/2.0", Status: 404, JA4: "t13d1516h2_8daaf6152771_e5627efa2ab1",
		Peer: netip.MustParseAddr("10.0.0.1"), Client: netip.MustParseAddr("::ffff:192.0.2.7"),
	}, `request.host = "shop.example.com:8443"
request.method = "GET"
request.scheme = "https"
request.protocol = "HTTP/2.0"
request.ip = "192.0.2.7"
request.ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1"
response.status = "404"
`)
	if got := extract(t, &exchange.Exchange{Peer: netip.MustParseAddr("2001:db8::1")}, `request.ip`); got != "request.ip = \"2001:db8::1\"\n" {
		t.Error(got)
	}
}
