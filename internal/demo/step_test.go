package demo

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStepHappens(t *testing.T) {
	for _, c := range []struct {
		need need
		jar  jar
		want bool
	}{
		{always, jar{}, true},
		{signedIn, jar{}, false},
		{signedIn, jar{credential: "x"}, true},
		{signedOut, jar{}, true},
		{signedOut, jar{credential: "x"}, false},
		{hasOrder, jar{}, false},
		{hasOrder, jar{order: 7}, true},
	} {
		if got := (&step{need: c.need}).happens(&c.jar); got != c.want {
			t.Errorf("need %d with %+v: %v", c.need, c.jar, got)
		}
	}
}

func TestStepRequest(t *testing.T) {
	ip := netip.MustParseAddr("198.18.0.1")
	web := &client{kind: kindWeb, ip: ip, agent: "Browser", language: "en"}
	app := &client{kind: kindApp, ip: ip, agent: "App", language: "en"}
	erp := &client{kind: kindPartner, ip: ip, agent: "Program", apiKey: "pk"}
	signed := jar{credential: "s3", order: 48001, etags: map[string]string{"/static/app.js": `"e"`}}
	for _, c := range []struct {
		name string
		step step
		jar  jar
		url  string
		want http.Header
	}{
		{"browser, signed in", step{client: web, method: "GET", path: "/v2/orders/" + orderMark, referer: "http://shop/"}, signed,
			"http://proxy/v2/orders/48001", http.Header{
				"User-Agent": {"Browser"}, "Accept": {"application/json"}, "Accept-Language": {"en"}, "Accept-Encoding": {"gzip, deflate, br"},
				"Referer": {"http://shop/"}, "Cookie": {"sid=s3"},
			}},
		{"browser, file in its cache", step{client: web, method: "GET", path: "/static/app.js", revalidate: true}, signed,
			"http://proxy/static/app.js", http.Header{
				"User-Agent": {"Browser"}, "Accept": {"*/*"}, "Accept-Language": {"en"}, "Accept-Encoding": {"gzip, deflate, br"},
				"Cookie": {"sid=s3"}, "If-None-Match": {`"e"`},
			}},
		{"app, signed in", step{client: app, method: "POST", path: "/v2/orders"}, signed,
			"http://proxy/v2/orders", http.Header{
				"User-Agent": {"App"}, "Accept": {"application/json"}, "Accept-Language": {"en"}, "Accept-Encoding": {"gzip, deflate, br"},
				"Authorization": {"Bearer s3"},
			}},
		{"partner", step{client: erp, method: "PUT", path: "/v2/stock/a", body: "{}"}, jar{},
			"http://proxy/v2/stock/a", http.Header{
				"User-Agent": {"Program"}, "Accept": {"application/json"}, "Accept-Encoding": {"gzip, deflate, br"},
				"Content-Type": {"application/json"}, "X-Api-Key": {"pk"},
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := c.step.request(t.Context(), "http://proxy", &c.jar)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, req.Header); diff != "" {
				t.Error(diff)
			}
			if req.URL.String() != c.url || req.Host != Host || req.Method != c.step.method {
				t.Errorf("%s %s at %s", req.Method, req.URL, req.Host)
			}
		})
	}
}

func TestStepLearn(t *testing.T) {
	set := http.Header{"Set-Cookie": {"other=1", "sid=abc; Path=/; HttpOnly"}}
	for _, c := range []struct {
		name   string
		kind   kind
		path   string
		status int
		header http.Header
		body   string
		before jar
		want   jar
	}{
		{"login, browser", kindWeb, "/v2/login", 200, set, `{"token":"t"}`, jar{}, jar{credential: "abc"}},
		{"login, app", kindApp, "/v2/login", 200, set, `{"token":"t"}`, jar{}, jar{credential: "t"}},
		{"login, broken answer", kindApp, "/v2/login", 200, nil, `{"tok`, jar{}, jar{}},
		{"login refused", kindWeb, "/v2/login", 401, nil, "", jar{}, jar{}},
		{"session ended", kindWeb, "/v2/me", 401, nil, "", jar{credential: "abc", order: 1}, jar{order: 1}},
		{"logout", kindWeb, "/v2/logout", 204, nil, "", jar{credential: "abc"}, jar{}},
		{"order", kindApp, "/v2/orders", 201, nil, `{"id":5}`, jar{credential: "t"}, jar{credential: "t", order: 5}},
		{"no order", kindApp, "/v2/orders", 422, nil, `{"id":5}`, jar{}, jar{}},
		{"file", kindWeb, "/static/app.js", 200, http.Header{"Etag": {`"e"`}}, "", jar{}, jar{etags: map[string]string{"/static/app.js": `"e"`}}},
		{"file, crawler", kindCrawler, "/static/app.js", 200, http.Header{"Etag": {`"e"`}}, "", jar{}, jar{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, got := step{client: &client{kind: c.kind}, path: c.path}, c.before
			s.learn(&got, c.status, c.header, []byte(c.body))
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(jar{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
