package api

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	f := newFixture(t)
	if r := f.do("GET", "/healthz", "Authorization", ""); r.StatusCode != 200 {
		t.Errorf("/healthz: %d", r.StatusCode)
	}
	if r := f.do("GET", "/readyz", "Authorization", ""); r.StatusCode != 200 {
		t.Errorf("/readyz: %d", r.StatusCode)
	}
	f.ready = errors.New("the bus is not connected")
	if p := problemIn(t, f.do("GET", "/readyz", "Authorization", "")); p.Status != 503 || !strings.Contains(p.Detail, "bus is not connected") {
		t.Errorf("/readyz: %+v", p)
	}
	if r := f.do("GET", "/healthz", "Authorization", ""); r.StatusCode != 200 {
		t.Errorf("/healthz while not ready: %d", r.StatusCode)
	}
}

func TestMetrics(t *testing.T) {
	for _, tt := range []struct {
		listen, peer, forwarded, token string
		status                         int
	}{
		{testListen, "127.0.0.1:5000", "", "", 200},
		{"[::1]:8070", "[::1]:5000", "", "", 200},
		{"localhost:8070", "127.0.0.1:5000", "", "", 200},
		{testListen, "127.0.0.1:5000", "192.0.2.1", "", 401},
		{testListen, "127.0.0.1:5000", "192.0.2.1", testToken, 200},
		{testListen, "192.0.2.1:5000", "", "", 401},
		{"0.0.0.0:8070", "127.0.0.1:5000", "", "", 401},
		{":8070", "127.0.0.1:5000", "", "", 401},
		{"0.0.0.0:8070", "192.0.2.1:5000", "", testToken, 200},
		{"0.0.0.0:8070", "192.0.2.1:5000", "", "wrong", 401},
		{testListen, "not an address", "", "", 401},
	} {
		f := newFixture(t, func(c *Config) { c.Listen = tt.listen })
		r := httptest.NewRequest("GET", "http://127.0.0.1:8070/metrics", nil)
		r.RemoteAddr = tt.peer
		if tt.forwarded != "" {
			r.Header.Set("X-Forwarded-For", tt.forwarded)
		}
		if tt.token != "" {
			r.Header.Set("Authorization", "Bearer "+tt.token)
		}
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("%+v: status %d", tt, w.Code)
		}
	}
}
