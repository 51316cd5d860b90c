package endpoint

import (
	"strings"
	"testing"
)

func TestTemplate(t *testing.T) {
	for path, want := range map[string]string{
		"":                      "/",
		";x=1":                  "/",
		"/":                     "/",
		"*":                     "*",
		"/users":                "/users",
		"/users/":               "/users/",
		"//users//7":            "//users//{int}",
		"/users/42/orders":      "/users/{int}/orders",
		"/users/-1":             "/users/{int}",
		"/users/%34%32":         "/users/{int}",
		"/v1/users/007":         "/v1/users/{int}",
		"/map/52.52/13.405":     "/map/{float}/{float}",
		"/s3/oauth2/utf8/h264":  "/s3/oauth2/utf8/h264",
		"/version/1.2.3":        "/version/1.2.3",
		"/hosts/192.0.2.1":      "/hosts/{ip}",
		"/days/2026-11-21":      "/days/{date}",
		"/days/2026-11":         "/days/{date}",
		"/days/2026-13-01":      "/days/2026-13-01",
		"/at/2026-11-21T10:00Z": "/at/{date}",
		"/o/0b0f2f8e-8f2e-4a53-9f5c-0f1f4d4b5e6a":         "/o/{uuid}",
		"/o/0B0F2F8E-8F2E-4A53-9F5C-0F1F4D4B5E6A":         "/o/{uuid}",
		"/o/%7B0b0f2f8e-8f2e-4a53-9f5c-0f1f4d4b5e6a%7D":   "/o/{uuid}",
		"/o/507f1f77bcf86cd799439011":                     "/o/{hex}",
		"/o/deadbeef":                                     "/o/deadbeef",
		"/commit/9fceb02":                                 "/commit/9fceb02",
		"/commit/9fceb02d":                                "/commit/{hex}",
		"/o/01JV3Q7F2M9T4B8X00AB":                         "/o/{token}",
		"/o/2YotnFZFEjr1zCsicMWpAA":                       "/o/{token}",
		"/o/dQw4w9WgXcQ":                                  "/o/dQw4w9WgXcQ",
		"/charges/ch_1NirD82eZvKYlo2C":                    "/charges/ch_{token}",
		"/orders/order_42":                                "/orders/order_{int}",
		"/reset/[masked]":                                 "/reset/{token}",
		"/blog/spring-sale-2026":                          "/blog/spring-sale-2026",
		"/blog/10-things-you-did-not-know":                "/blog/10-things-you-did-not-know",
		"/articles/dynamic-dns-with-dhcp/":                "/articles/dynamic-dns-with-dhcp/",
		"/u/ann@example.com":                              "/u/{email}",
		"/u/ann%40example.com":                            "/u/{email}",
		"/@ann/feed":                                      "/@ann/feed",
		"/verify/eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.": "/verify/{token}",
		"/orders/42.json":                                 "/orders/{int}.json",
		"/orders/42.pdf":                                  "/orders/42.pdf",
		"/images/2014/05/12345.png":                       "/images/{int}/{int}/12345.png",
		"/assets/main.8f3a2b1c9d.js":                      "/assets/main.8f3a2b1c9d.js",
		"/cart;jsessionid=9F8A/items;v=2":                 "/cart/items",
		"/%61dmin":                                        "/admin",
		"/caf%c3%a9":                                      "/caf%C3%A9",
		"/café":                                           "/caf%C3%A9",
		"/a%2Fb":                                          "/a%2Fb",
		"/a/../b/./c":                                     "/a/../b/./c",
		"/{int}":                                          "/%7Bint%7D",
		"/a b\x00\x1b[0m\xff":                             "/a%20b%00%1B%5B0m%FF",
		"/%":                                              "/%25",
		"/%zz":                                            "/%25zz",
		"/" + strings.Repeat("x", 129):                    "/{text}",
		strings.Repeat("/a", 30):                          strings.Repeat("/a", maxSegments) + "/{rest}",
	} {
		if got := Template(path); got != want {
			t.Errorf("Template(%q) = %q, want %q", path, got, want)
		}
	}
}

// TestTemplateOfMasked: ids have their placeholder whether they are masked or not;
// what is neither is taken from the masked path.
func TestTemplateOfMasked(t *testing.T) {
	f := func(path, kept, want string) {
		t.Helper()
		if got := string(appendTemplate(nil, path, kept)); got != want {
			t.Errorf("%s, masked %s: %s, want %s", path, kept, got, want)
		}
	}
	f("/a/42/b", "/a/42/b", "/a/{int}/b")
	f("/a/42/b", "/a/[masked]/b", "/a/{int}/b")
	f("/a/secret/b", "/a/[masked]/b", "/a/{token}/b")
	f("/secret", "/[masked]", "/{token}")
	f("/a/secret.json", "/a/[masked]", "/a/{token}")
	f("/a;b=secret/c", "/a;b=[masked]/c", "/a/c")
	f("/a/secret/42/", "/a/[masked]/42/", "/a/{token}/{int}/")
	f("/a/secret/b", "/a", "/a//") // not the same path: nothing of it is told
}

func FuzzTemplate(f *testing.F) {
	f.Add("/users/42;x=1/caf%c3%a9/\xff")
	f.Add(strings.Repeat("/%7bint%7d", 40))
	f.Fuzz(func(t *testing.T, path string) {
		got := Template(path)
		if got == "" || len(got) > maxTemplate+3*maxSegment+maxPrefix+len(Rest) {
			t.Fatalf("%q gives %d bytes", path, len(got))
		}
		for i := range len(got) {
			if got[i] <= ' ' || got[i] >= 0x7f {
				t.Fatalf("%q gives %q", path, got)
			}
		}
	})
}

func BenchmarkTemplate(b *testing.B) {
	n := New()
	for name, path := range map[string]string{
		"plain": "/api/catalogue/products",
		"ids":   "/api/users/0b0f2f8e-8f2e-4a53-9f5c-0f1f4d4b5e6a/orders/42",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n.Name("shop.example.com", path, path, 200)
			}
		})
	}
}
