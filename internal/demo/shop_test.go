package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const testSeed = 1

// visitor talks to a shop the way a client does, with what it was given.
type visitor struct {
	t      *testing.T
	shop   http.Handler
	header http.Header
}

func newVisitor(t *testing.T, shop http.Handler) *visitor {
	return &visitor{t: t, shop: shop, header: http.Header{}}
}

// do sends a request and returns the answer with its JSON, nil if it is none.
func (v *visitor) do(method, path, body string) (*http.Response, map[string]any) {
	v.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header = v.header.Clone()
	w := httptest.NewRecorder()
	v.shop.ServeHTTP(w, r)
	resp := w.Result()
	text, _ := io.ReadAll(resp.Body)
	var data map[string]any
	if resp.Header.Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(text, &data); err != nil {
			v.t.Errorf("%s %s: %v in %q", method, path, err, text)
		}
	}
	return resp, data
}

// want sends a request and checks the status.
func (v *visitor) want(status int, method, path, body string) map[string]any {
	v.t.Helper()
	resp, data := v.do(method, path, body)
	if resp.StatusCode != status {
		v.t.Errorf("%s %s %s: %d %v, want %d", method, path, body, resp.StatusCode, data, status)
	}
	return data
}

// signIn logs person id in and goes on by token.
func (v *visitor) signIn(id int) (token, cookie string) {
	v.t.Helper()
	p, _ := personOf(testSeed, id)
	resp, data := v.do("POST", "/v2/login", toJSON(map[string]string{"user": p.email, "password": p.password}))
	if resp.StatusCode != 200 || len(resp.Cookies()) != 1 {
		v.t.Fatalf("login of %s: %d %v %v", p.email, resp.StatusCode, data, resp.Cookies())
	}
	token = data["token"].(string)
	v.header.Set("Authorization", "Bearer "+token)
	return token, resp.Cookies()[0].Value
}

func TestShopAnswersStrangers(t *testing.T) {
	shop := NewShop(ShopConfig{Seed: testSeed})
	huge := `{"user":"` + strings.Repeat("x", maxBody) + `"}`
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/", "", 200},
		{"HEAD", "/", "", 200},
		{"GET", "/robots.txt", "", 200},
		{"GET", "/sitemap.xml", "", 200},
		{"GET", "/healthz", "", 200},
		{"GET", "/static/app.js", "", 200},
		{"GET", "/static/img/101.svg", "", 200},
		{"GET", "/static/img/1.svg", "", 404},
		{"GET", "/p/101", "", 200},
		{"GET", "/nowhere", "", 404},
		{"POST", "/nowhere", "", 405},
		{"GET", "/v1/products/7?x=1", "", 301},
		{"GET", "/v2/products", "", 200},
		{"GET", "/v2/products?page=20", "", 200},
		{"GET", "/v2/products?page=21", "", 404},
		{"GET", "/v2/products?page=0", "", 422},
		{"GET", "/v2/products?page=two", "", 422},
		{"GET", "/v2/products/101", "", 200},
		{"GET", "/v2/products/100", "", 404},
		{"GET", "/v2/products/341", "", 404},
		{"GET", "/v2/products/abc", "", 404},
		{"GET", "/v2/products/99999999999999999999", "", 404},
		{"GET", "/v2/wishlist", "", 404},
		{"DELETE", "/v2/products/101", "", 405},
		{"GET", "/v2/me", "", 401},
		{"GET", "/v2/cart", "", 401},
		{"POST", "/v2/cart/items", `{}`, 401},
		{"DELETE", "/v2/cart/items/101", "", 401},
		{"POST", "/v2/orders", "", 401},
		{"GET", "/v2/orders", "", 401},
		{"GET", "/v2/orders/1", "", 401},
		{"POST", "/v2/payments", `{}`, 401},
		{"POST", "/v2/logout", "", 401},
		{"GET", "/v2/users/1000", "", 401},
		{"GET", "/v2/admin/stats", "", 401},
		{"GET", "/v2/admin/orders", "", 401},
		{"GET", "/v2/admin/secret", "", 401},
		{"GET", "/v2/stock/FH-20707", "", 401},
		{"PUT", "/v2/stock/FH-20707", `{"quantity":1}`, 401},
		{"POST", "/v2/login", `{"user":"a@b","password":"c"}`, 401},
		{"POST", "/v2/login", `{"user":"a@b"}`, 422},
		{"POST", "/v2/login", `{`, 400},
		{"POST", "/v2/login", ``, 400},
		{"POST", "/v2/login", `[1]`, 400},
		{"POST", "/v2/login", huge, 413},
		{"POST", "/v2/password-reset", `{"email":"who@example.net"}`, 202},
		{"POST", "/v2/password-reset", `{"email":"who"}`, 422},
	} {
		newVisitor(t, shop).want(c.status, c.method, c.path, c.body)
	}
}

func TestShopLogin(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	shop := NewShop(ShopConfig{Seed: testSeed, Now: func() time.Time { return now }})
	v := newVisitor(t, shop)
	token, cookie := v.signIn(1234)
	if me := v.want(200, "GET", "/v2/me", ""); me["id"] != 1234.0 || me["role"] != "buyer" {
		t.Errorf("by token: %v", me)
	}
	v.header = http.Header{"Cookie": {cookieName + "=" + cookie}}
	if me := v.want(200, "GET", "/v2/me", ""); me["id"] != 1234.0 {
		t.Errorf("by cookie: %v", me)
	}

	t.Run("another login is another session", func(t *testing.T) {
		now = now.Add(time.Second)
		if again, _ := newVisitor(t, shop).signIn(1234); again == token {
			t.Error("the same token twice")
		}
	})
	t.Run("the session ends", func(t *testing.T) {
		now = now.Add(sessionLife)
		v.want(401, "GET", "/v2/me", "")
		now = now.Add(-sessionLife)
		v.want(401, "GET", "/v2/me", "") // and stays ended
	})
	t.Run("logout ends cookie and token", func(t *testing.T) {
		v := newVisitor(t, shop)
		_, cookie := v.signIn(1235)
		v.want(204, "POST", "/v2/logout", "")
		v.want(401, "GET", "/v2/me", "")
		v.header = http.Header{"Cookie": {cookieName + "=" + cookie}}
		v.want(401, "GET", "/v2/me", "")
	})
	t.Run("too many wrong passwords", func(t *testing.T) {
		p, _ := personOf(testSeed, 1236)
		wrong := toJSON(map[string]string{"user": p.email, "password": "guess"})
		right := toJSON(map[string]string{"user": p.email, "password": p.password})
		v := newVisitor(t, shop)
		for range loginAttempts {
			v.want(401, "POST", "/v2/login", wrong)
		}
		v.want(429, "POST", "/v2/login", right)
		now = now.Add(loginPause + time.Second)
		v.want(200, "POST", "/v2/login", right)
	})
}

func TestShopSells(t *testing.T) {
	v := newVisitor(t, NewShop(ShopConfig{Seed: testSeed}))
	v.signIn(1000)
	v.want(422, "POST", "/v2/orders", "")
	v.want(422, "POST", "/v2/cart/items", `{"product":1,"quantity":1}`)
	v.want(422, "POST", "/v2/cart/items", `{"product":101,"quantity":0}`)
	v.want(422, "POST", "/v2/cart/items", `{"product":101,"quantity":101}`)
	v.want(201, "POST", "/v2/cart/items", `{"product":101,"quantity":2}`)
	v.want(201, "POST", "/v2/cart/items", `{"product":101,"quantity":1}`)
	v.want(201, "POST", "/v2/cart/items", `{"product":102,"quantity":1}`)
	v.want(204, "DELETE", "/v2/cart/items/102", "")
	v.want(404, "DELETE", "/v2/cart/items/102", "")
	cents := catalogue(testSeed)[0].Cents
	if cart := v.want(200, "GET", "/v2/cart", ""); cart["total_cents"] != float64(3*cents) {
		t.Errorf("cart %v, want 3 of %d cents", cart, cents)
	}

	order := v.want(201, "POST", "/v2/orders", "")
	id := int(order["id"].(float64))
	if cart := v.want(200, "GET", "/v2/cart", ""); len(cart["items"].([]any)) != 0 {
		t.Errorf("after the order the cart holds %v", cart)
	}
	pay := func(card string) string {
		return fmt.Sprintf(`{"order":%d,"card":{"number":%q}}`, id, card)
	}
	v.want(422, "POST", "/v2/payments", pay("4111111111111112"))
	v.want(422, "POST", "/v2/payments", pay(""))
	v.want(422, "POST", "/v2/payments", pay(declinedCard))
	if paid := v.want(201, "POST", "/v2/payments", pay("4111111111111111")); paid["amount_cents"] != float64(3*cents) {
		t.Errorf("paid %v", paid)
	}
	v.want(409, "POST", "/v2/payments", pay("4111111111111111"))
	path := fmt.Sprintf("/v2/orders/%d", id)
	if got := v.want(200, "GET", path, ""); got["status"] != orderPaid {
		t.Errorf("order %v, want paid", got)
	}
	if list := v.want(200, "GET", "/v2/orders", ""); len(list["orders"].([]any)) != 1 {
		t.Errorf("orders %v, want one", list)
	}

	other := newVisitor(t, v.shop)
	other.signIn(1001)
	other.want(403, "GET", path, "")
	other.want(404, "POST", "/v2/payments", pay("4111111111111111"))
	other.want(404, "GET", "/v2/orders/1", "")
}

func TestShopRoles(t *testing.T) {
	shop := NewShop(ShopConfig{Seed: testSeed})
	buyer, staff := newVisitor(t, shop), newVisitor(t, shop)
	buyer.signIn(1000)
	staff.signIn(1)
	for _, c := range []struct {
		path         string
		buyer, staff int
	}{
		{"/v2/users/1000", 200, 200},
		{"/v2/users/1001", 403, 200},
		{"/v2/users/999", 403, 404},
		{"/v2/users/x", 404, 404},
		{"/v2/admin/stats", 403, 200},
		{"/v2/admin/orders", 403, 200},
		{"/v2/admin/users", 403, 404},
	} {
		buyer.want(c.buyer, "GET", c.path, "")
		staff.want(c.staff, "GET", c.path, "")
	}
}

func TestShopPartners(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	v := newVisitor(t, NewShop(ShopConfig{Seed: testSeed, Now: func() time.Time { return now }}))
	v.header.Set("X-API-Key", keyOf(testSeed, 0))
	path := "/v2/stock/" + skuOf(101)
	if got := v.want(200, "GET", path, ""); got["quantity"] != 500.0 {
		t.Errorf("stock %v", got)
	}
	v.want(200, "PUT", path, `{"quantity":3}`)
	if got := v.want(200, "GET", path, ""); got["quantity"] != 3.0 {
		t.Errorf("stock %v, want 3", got)
	}
	v.want(422, "PUT", path, `{"quantity":-1}`)
	v.want(422, "PUT", path, `{}`)
	v.want(404, "GET", "/v2/stock/FH-1", "")

	t.Run("out of stock", func(t *testing.T) {
		buyer := newVisitor(t, v.shop)
		buyer.signIn(1000)
		buyer.want(201, "POST", "/v2/cart/items", `{"product":101,"quantity":4}`)
		buyer.want(422, "POST", "/v2/orders", "")
	})
	t.Run("too fast", func(t *testing.T) {
		for range partnerCalls - 6 {
			v.want(200, "GET", path, "")
		}
		v.want(429, "GET", path, "")
		other := newVisitor(t, v.shop)
		other.header.Set("X-API-Key", keyOf(testSeed, 1))
		other.want(200, "GET", path, "")
		now = now.Add(partnerWindow)
		v.want(200, "GET", path, "")
	})
}

func TestShopFiles(t *testing.T) {
	v := newVisitor(t, NewShop(ShopConfig{Seed: testSeed}))
	first, _ := v.do("GET", "/static/app.js", "")
	v.header.Set("If-None-Match", first.Header.Get("ETag"))
	v.want(304, "GET", "/static/app.js", "")
	v.want(200, "GET", "/static/app.css", "")
}

func TestShopFaultsAndLatency(t *testing.T) {
	var waited time.Duration
	shop := NewShop(ShopConfig{
		Seed: testSeed, Faults: 0.1, Latency: NaturalLatency,
		Sleep: func(_ context.Context, d time.Duration) { waited += d },
	})
	v, failed := newVisitor(t, shop), 0
	for range 1000 {
		if resp, _ := v.do("GET", "/v2/products", ""); resp.StatusCode >= 500 {
			failed++
		}
	}
	if failed < 60 || failed > 140 {
		t.Errorf("%d of 1000 calls failed, want about 100", failed)
	}
	if mean := waited / 1000; mean < 10*time.Millisecond || mean > 40*time.Millisecond {
		t.Errorf("a call took %v on average", mean)
	}
}

// The shop forgets the oldest, however many come.
func TestShopIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := newShop(ShopConfig{Seed: testSeed, Now: func() time.Time { now = now.Add(time.Millisecond); return now }})
	first := newVisitor(t, s.routes())
	first.signIn(firstCustomer)
	for i := range maxCredentials/2 + 1 {
		newVisitor(t, first.shop).signIn(firstCustomer + 1 + i)
	}
	if n := s.credentials.len(); n != maxCredentials {
		t.Errorf("%d credentials, limit %d", n, maxCredentials)
	}
	if n := s.accounts.len(); n != maxAccounts {
		t.Errorf("%d accounts, limit %d", n, maxAccounts)
	}
	first.want(401, "GET", "/v2/me", "")

	v := newVisitor(t, first.shop)
	v.signIn(firstCustomer)
	for i := range maxCartItems {
		v.want(201, "POST", "/v2/cart/items", fmt.Sprintf(`{"product":%d,"quantity":1}`, firstProduct+i))
	}
	v.want(422, "POST", "/v2/cart/items", fmt.Sprintf(`{"product":%d,"quantity":1}`, firstProduct+maxCartItems))
	v.want(201, "POST", "/v2/orders", "")
	for range maxOwnOrders + 5 {
		v.want(201, "POST", "/v2/cart/items", `{"product":300,"quantity":1}`)
		v.want(201, "POST", "/v2/orders", "")
	}
	if n := len(s.accountOf(firstCustomer).orders); n != maxOwnOrders {
		t.Errorf("%d orders kept for one person, limit %d", n, maxOwnOrders)
	}
}

func TestShopServesManyAtOnce(t *testing.T) {
	shop := NewShop(ShopConfig{Seed: testSeed})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			v := newVisitor(t, shop)
			v.signIn(firstCustomer + i%4)
			for range 20 {
				v.want(201, "POST", "/v2/cart/items", `{"product":150,"quantity":1}`)
				resp, _ := v.do("POST", "/v2/orders", "") // the twin may have emptied the cart
				if resp.StatusCode != 201 && resp.StatusCode != 422 {
					t.Errorf("order: %d", resp.StatusCode)
				}
				v.want(200, "GET", "/v2/orders", "")
			}
		})
	}
	wg.Wait()
}

func TestLuhn(t *testing.T) {
	for number, want := range map[string]bool{
		"4111111111111111": true, declinedCard: true, "378282246310005": true, "4111111111111112": false,
		"": false, "0": false, "411111111111111x": false, "00000000000000000000": false,
	} {
		if luhn(number) != want {
			t.Errorf("luhn(%q) = %v", number, !want)
		}
	}
}

func BenchmarkShop(b *testing.B) {
	shop := NewShop(ShopConfig{Seed: testSeed})
	b.ReportAllocs()
	for b.Loop() {
		shop.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v2/products?page=3", nil))
	}
}
