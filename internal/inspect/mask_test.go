package inspect

import (
	"strings"
	"testing"

	"sojourn/internal/policy"
)

const (
	someID  = "9f8a7b6c5d4e3f2a1b0c"
	someJWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2ln"
)

func TestMaskQuery(t *testing.T) {
	f := func(in, secret, want string) {
		t.Helper()
		if got := maskQuery(in, secret, policy.KeepQueryValues, new(parameters)); got != want {
			t.Errorf("maskQuery(%q, %q) = %q, want %q", in, secret, got, want)
		}
	}
	f("", "", "")
	f("a=1&&b=&c", "", "a=1&&b=&c")
	f("q=red+shoes&page=2&sort=price%20asc", "", "q=red+shoes&page=2&sort=price%20asc")
	f("password=x", "", "password=[masked]")
	f("user%5Bpassword%5D=x&a=1", "", "user%5Bpassword%5D=[masked]&a=1")
	f("accessToken=x&access-token=y&ACCESS_TOKEN=z", "", "accessToken=[masked]&access-token=[masked]&ACCESS_TOKEN=[masked]")
	f("%70assword=x", "", "%70assword=[masked]")
	f("PHPSESSID=abc", "abc", "PHPSESSID=[masked]")
	f("token=", "", "token=")
	f("X-Amz-Signature=ab&X-Amz-Credential=cd&X-Amz-Date=1", "", "X-Amz-Signature=[masked]&X-Amz-Credential=[masked]&X-Amz-Date=1")
	f("sid=42&code=DE&key=name", "", "sid=42&code=DE&key=name")
	f("sid="+someID+"&code="+someID, "", "sid=[masked]&code=[masked]")
	f("x="+someJWT, "", "x=[masked]")
	f(someJWT, "", "[masked]")
	f("x="+someID+"&y="+someID+"1", someID, "x=[masked]&y=[masked]")
	f("x=%39"+someID[1:], someID, "x=[masked]")
	f(someID, someID, "[masked]")
	f(someID, "", "[masked]")
	f(someID+"==", "", "[masked]==")
	f(someID+"=1", someID, "[masked]=1")
	f("site=eu.shop.example.com&e=en.example-of-a-name.com", "", "site=eu.shop.example.com&e=en.example-of-a-name.com")

	// Further spellings of names.
	f("password[0]=x&password2=x&token%5B1%5D=x", "", "password[0]=[masked]&password2=[masked]&token%5B1%5D=[masked]")
	f("password_confirmation=x&passwordRepeat=x&auth_key=x", "", "password_confirmation=[masked]&passwordRepeat=[masked]&auth_key=[masked]")
	f("reset_code=123456&country_code=DE", "", "reset_code=[masked]&country_code=DE")

	// Secrets inside values.
	f("next=/reset?token=x&a=1", "", "next=[masked]&a=1")
	f("next=%2Freset%3Ftoken%3Dx", "", "next=[masked]")
	f("a=1;password=x", "", "a=[masked]")

	// A client cannot hide what it sends by sending it as its cookie too.
	f("id=1%27+OR+1%3D1", "1' OR 1=1", "id=1%27+OR+1%3D1")
	f("id=admin", "admin", "id=admin")

	long := "a=1&" + strings.Repeat("b=2&", 20_000) + "password=x"
	if got := maskQuery(long, "", policy.KeepQueryValues, new(parameters)); strings.Contains(got, "password=x") {
		t.Error("what is not read is kept")
	}
}

func TestMaskQueryKept(t *testing.T) {
	const query = "q=red&password=x&flag&" + someJWT
	if got, want := maskQuery(query, "", policy.KeepQueryNames, new(parameters)), "q&password&flag&[masked]"; got != want {
		t.Errorf("names: got %q, want %q", got, want)
	}
	if got := maskQuery(query, "", policy.KeepQueryNone, new(parameters)); got != "" {
		t.Errorf("none: got %q", got)
	}
}

func TestMaskPath(t *testing.T) {
	f := func(in, secret, want string) {
		t.Helper()
		if got := maskPath(in, secret); got != want {
			t.Errorf("maskPath(%q, %q) = %q, want %q", in, secret, got, want)
		}
	}
	f("", "", "")
	f("/a/b.html", "", "/a/b.html")
	f("//a/./../b/", "", "//a/./../b/")
	f("/cart;jsessionid=9F8A/items;v=2;sid=7", "", "/cart;jsessionid=[masked]/items;v=2;sid=7")
	f("/cart;JSESSIONID=9F8A", "", "/cart;JSESSIONID=[masked]")
	f("/cart;"+someID, someID, "/cart;[masked]")
	f("/reset/"+someJWT+"/x", "", "/reset/[masked]/x")
	f("/carts/"+someID+"/items", someID, "/carts/[masked]/items")
	f("/carts/%39"+someID[1:], someID, "/carts/[masked]")
	f("/carts/"+someID+"1", someID, "/carts/[masked]")
	f("/admin", "admin", "/admin")
	f("/reset/"+someID, "", "/reset/[masked]")
	f("/account/password-reset/MQ/"+someID, "", "/account/password-reset/MQ/[masked]")
	f("/verify/email", "", "/verify/email")
	f("/orders/"+someID, "", "/orders/"+someID)
	f("/token/"+someID, "", "/token/[masked]")
	f("/page%3Bjsessionid=9F8A/x", "", "/page%3Bjsessionid=[masked]/x")
	f("/page;jsessionid%3D9F8A", "", "/page;[masked]")
	f("/list&token=x", "", "/[masked]")
	f("/%28S(lit3py55t21z5v55vlm25s55))/x", "", "/[masked]/x")
	f("/(S(lit3py55t21z5v55vlm25s55))/orders", "", "/[masked]/orders")
	f("http://ann:secret@shop.example.com/x", "", "http://[masked]@shop.example.com/x")
	f("http://shop.example.com/x@y", "", "http://shop.example.com/x@y")
	f("/go/http://ann@b/x", "", "/go/http://ann@b/x")
}

func TestMaskAgent(t *testing.T) {
	f := func(agent, secret, want string) {
		t.Helper()
		if got := maskAgent(agent, secret); got != want {
			t.Errorf("maskAgent(%q, %q) = %q, want %q", agent, secret, got, want)
		}
	}
	f("curl/8.5.0", "", "curl/8.5.0")
	f("curl/8.5.0", "curl", "curl/8.5.0")
	f("app/1 ("+someID+")", someID, "app/1 ([masked])")
}

func FuzzMask(f *testing.F) {
	f.Add("/a;b=1/(S(x))", "a=1&b", "secret")
	f.Fuzz(func(t *testing.T, path, query, secret string) {
		maskPath(path, secret)
		for _, keep := range []policy.KeepQuery{policy.KeepQueryValues, policy.KeepQueryNames} {
			got := maskQuery(query+"&password=hunter2", secret, keep, new(parameters))
			if strings.Contains(got, "password=hunter2") && !strings.Contains(query, "password=hunter2") {
				t.Fatalf("%q keeps the password: %q", query, got)
			}
		}
	})
}

func BenchmarkMask(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		maskPath("/api/users/42/orders", someID)
		maskQuery("q=red+shoes&page=2&sort=price&utm_source=mail", someID, policy.KeepQueryValues, new(parameters))
	}
}
