package proxy

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"sojourn/internal/policy"
)

func named(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, name) }
}

func TestRoutes(t *testing.T) {
	shop, api, rest := upstreamOf(t, named("shop")), upstreamOf(t, named("api")), upstreamOf(t, named("rest"))
	w := newWatcher()
	s := start(t, Config{Inspector: w, Upstream: rest, Policy: &policy.Policy{Applications: []policy.Application{
		{Name: "shop", Hosts: []string{"*.shop.test"}, Upstream: shop},
		{Name: "api", Hosts: []string{"*.shop.test"}, Paths: []string{"/api"}, Upstream: api},
		{Name: "watched", Hosts: []string{"watched.test"}},
	}}})
	f := func(host, path, want string) {
		t.Helper()
		req, _ := http.NewRequest("GET", s.URL()+path, nil)
		req.Host = host
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if body, _ := io.ReadAll(res.Body); string(body) != want {
			t.Errorf("%s%s went to %q, want %s", host, path, body, want)
		}
	}
	f("www.shop.test", "/", "shop")
	f("www.shop.test", "/apix", "shop")
	f("www.shop.test", "/api/x", "api")
	f("WWW.Shop.Test:8080", "/%61pi", "api")
	f("watched.test", "/api", "rest")
	f("elsewhere.test", "/api", "rest")
	http.DefaultClient.CloseIdleConnections()
}

func TestSetPolicy(t *testing.T) {
	one, two := upstreamOf(t, named("one")), upstreamOf(t, named("two"))
	to := func(upstream string) *policy.Policy {
		return &policy.Policy{Applications: []policy.Application{{Name: "a", Upstream: upstream}}}
	}
	s := start(t, Config{Inspector: newWatcher(), Policy: to(one)})
	if _, body := get(t, s, "/"); body != "one" {
		t.Errorf("went to %q", body)
	}
	if err := s.SetPolicy(to("nonsense")); err == nil {
		t.Error("an unusable upstream was taken")
	}
	if _, body := get(t, s, "/"); body != "one" {
		t.Errorf("after a refused policy went to %q", body)
	}
	if err := s.SetPolicy(to(two)); err != nil {
		t.Fatal(err)
	}
	if _, body := get(t, s, "/"); body != "two" {
		t.Errorf("after a new policy went to %q", body)
	}
}

func TestSetPolicyKeepsCounts(t *testing.T) {
	dead := "http://" + freeAddr(t)
	p := &policy.Policy{Applications: []policy.Application{{Name: "a", Upstream: dead}, {Name: "b", Paths: []string{"/b"}, Upstream: dead}}}
	s := start(t, Config{Inspector: newWatcher(), Policy: p})
	get(t, s, "/")
	get(t, s, "/b")
	if err := s.SetPolicy(&policy.Policy{Applications: p.Applications[:1]}); err != nil {
		t.Fatal(err)
	}
	if stats := s.Stats(); len(stats) != 1 || stats[0].Errors != 2 {
		t.Errorf("stats %+v, want one upstream with 2 errors", stats)
	}
}

func TestSetPolicyWhileServing(t *testing.T) {
	up := upstreamOf(t, hello)
	s := start(t, Config{Inspector: newWatcher(), Upstream: up})
	var both sync.WaitGroup
	both.Go(func() {
		for range 50 {
			get(t, s, "/")
		}
	})
	both.Go(func() {
		for i := range 50 {
			s.SetPolicy(&policy.Policy{Applications: []policy.Application{{Name: fmt.Sprint("a", i), Upstream: up}}})
			s.Stats()
		}
	})
	both.Wait()
}
