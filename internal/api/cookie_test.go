package api

import (
	"bytes"
	"testing"
	"time"
)

func testCookies(t testing.TB) *cookies {
	t.Helper()
	c, err := newCookies(bytes.Repeat([]byte{7}, installKeyLen), testToken)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCookies(t *testing.T) {
	c := testCookies(t)
	value := c.issue(testNow, false).Value
	if value == c.issue(testNow, false).Value {
		t.Error("two cookies are the same")
	}
	for name, tt := range map[string]struct {
		value string
		at    time.Time
		want  bool
	}{
		"Fresh":      {value, testNow, true},
		"LastMoment": {value, testNow.Add(cookieLifetime - time.Second), true},
		"Expired":    {value, testNow.Add(cookieLifetime), false},
		"Empty":      {"", testNow, false},
		"Cut":        {value[:len(value)-1], testNow, false},
		"Padded":     {value + "=", testNow, false},
		"Longer":     {value + "AAAA", testNow, false},
		"NotBase64":  {hostile, testNow, false},
	} {
		if _, ok := c.check(tt.value, tt.at); ok != tt.want {
			t.Errorf("%s: %t, want %t", name, ok, tt.want)
		}
	}
	for i := range value {
		changed := []byte(value)
		changed[i] ^= 1
		if _, ok := c.check(string(changed), testNow); ok {
			t.Errorf("a cookie changed at %d is taken", i)
		}
	}
}

// FuzzCookies looks for a cookie that we did not make and take all the same.
func FuzzCookies(f *testing.F) {
	c := testCookies(f)
	good := c.issue(testNow, false).Value
	f.Add(good[:20])
	f.Add("")
	f.Fuzz(func(t *testing.T, value string) {
		if _, ok := c.check(value, testNow); ok && value != good {
			t.Errorf("%q is taken", value)
		}
	})
}
