package point

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

func TestHeaderPoint(t *testing.T) {
	x := &exchange.Exchange{
		Host:           "Example.com",
		Header:         http.Header{"X-Id": {"a", "b, c", ""}, "Accept": {"*/*"}, "Empty": {}},
		Status:         200,
		ResponseHeader: http.Header{"X-Id": {"answer"}},
	}
	want := `request.header["X-Id"] = "a"
request.header["X-Id"][0] = "a"
request.header["X-Id"][2] = ""
request.header["X-Id"][3] =
request.header["X-Id"][*] = "a" "b, c" ""
request.header[*] = "*/*" "Example.com" "a" "b, c" ""
request.header["Host"] = "Example.com"
request.header["Empty"] =
response.header["X-Id"] = "answer"
`
	got := extract(t, x, `request.header["x-id"]`, `request.header["x-id"][0]`, `request.header["x-id"][2]`, `request.header["x-id"][3]`,
		`request.header["x-id"][*]`, `request.header[*]`, `request.header["Host"]`, `request.header["Empty"]`, `response.header["X-Id"]`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHeaderPointBound(t *testing.T) {
	got := extract(t, &exchange.Exchange{Header: http.Header{"A": make([]string, 5_000)}}, `request.header["B"]`, `request.header["A"][4000]`)
	want := "request.header[\"B\"] =\nrequest.header[\"A\"][4000] =\nrequest limit header: header_values\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
