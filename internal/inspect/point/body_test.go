package point

import "testing"

func TestBodyParameter(t *testing.T) {
	f := func(params, name, want string) {
		t.Helper()
		if got := (&body{params: params}).parameter(name); got != want {
			t.Errorf("%q: %s is %q, want %q", params, name, got, want)
		}
	}
	f(``, `charset`, ``)
	f(` charset=utf-8`, `charset`, `utf-8`)
	f(` Charset = "UTF-8" ; x=1`, `charset`, `UTF-8`)
	f(` a=1;charset=b`, `charset`, `b`)
	f(` a;charset=b`, `charset`, `b`)
	f(` boundary="a;b\"c\\"; charset=x`, `boundary`, `a;b"c\`)
	f(` boundary="a;b\"c\\"; charset=x`, `charset`, `x`)
	f(` boundary="a`, `boundary`, `a`)
	f(` boundary="a" junk; charset=x`, `charset`, `x`)
	f(`;;=;=x;charset`, `charset`, ``)
}

func FuzzBodyParameter(f *testing.F) {
	f.Add(` boundary="a;b\"c"; charset=x`, "charset")
	f.Fuzz(func(t *testing.T, params, name string) {
		if got := (&body{params: params}).parameter(name); len(got) > len(params) {
			t.Fatalf("%q: %q", params, got)
		}
	})
}
