package demo

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// visit is what one client does in one go: all its steps are known when it
// begins. Which of them happen depends on the client's jar alone.
type visit struct {
	r      *rand.Rand
	seed   uint64
	client client
	now    time.Time
	page   string // where a browser is, its Referer
	steps  []step // those still to come, in the order of time
	number uint64 // orders visits of the same instant
}

func (v *visit) at() time.Time { return v.steps[0].at }

// think passes the time that a person takes to read and decide.
func (v *visit) think(median time.Duration) { v.now = v.now.Add(around(v.r, median)) }

// soon passes the time between two calls of a program.
func (v *visit) soon() { v.now = v.now.Add(time.Duration(40+v.r.IntN(160)) * time.Millisecond) }

// do adds a step.
func (v *visit) do(need need, method, path, body string) {
	v.steps = append(v.steps, step{
		at: v.now.Truncate(time.Microsecond), client: &v.client, need: need,
		method: method, path: path, body: body, referer: v.page,
	})
}

func (v *visit) get(path string) { v.do(always, "GET", path, "") }

func (v *visit) product() int { return firstProduct + v.r.IntN(productCount) }

// open loads the shop's page: HTML, its files, then the data. Some of it the
// browser has already, and only asks whether it is still current.
func (v *visit) open(path string) {
	v.get(path)
	v.page = "http://" + Host + path
	known := chance(v.r, 0.5)
	for _, file := range []string{"/static/app.css", "/static/app.js"} {
		v.soon()
		v.get(file)
		v.steps[len(v.steps)-1].revalidate = known
	}
	v.soon()
	v.get("/v2/products?page=1")
	v.soon()
	v.do(signedIn, "GET", "/v2/me", "")
}

// browse looks at some products, page by page.
func (v *visit) browse(median time.Duration, pictures bool) {
	page := 1
	for range 1 + v.r.IntN(4) {
		v.think(median)
		if chance(v.r, 0.3) && page < pageCount {
			page++
			v.get("/v2/products?page=" + strconv.Itoa(page))
			continue
		}
		id := v.product()
		if chance(v.r, 0.02) {
			id += productCount // an old link to what is gone
		}
		v.get("/v2/products/" + strconv.Itoa(id))
		if pictures && id < firstProduct+productCount {
			v.soon()
			v.get(fmt.Sprintf("/static/img/%d.svg", id))
		}
	}
}

// signIn logs in unless the jar still holds a login. A few mistype; some of
// those give up and ask for a new password, then find the old one after all.
func (v *visit) signIn() {
	p := v.client.person
	try := func(password string) {
		v.do(signedOut, "POST", "/v2/login", toJSON(map[string]string{"user": p.email, "password": password}))
	}
	if chance(v.r, 0.08) {
		for range 1 + v.r.IntN(3) {
			try(p.password[:len(p.password)-1])
			v.think(6 * time.Second)
		}
		if chance(v.r, 0.25) {
			v.do(signedOut, "POST", "/v2/password-reset", toJSON(map[string]string{"email": p.email}))
			v.think(90 * time.Second)
		}
	}
	try(p.password)
	v.now = v.now.Add(800 * time.Millisecond) // the answer arrives
	v.get("/v2/me")
}

// buy fills the cart and, often, orders and pays.
func (v *visit) buy() {
	last := 0
	for range 1 + v.r.IntN(3) {
		v.think(8 * time.Second)
		last = v.product()
		quantity := 1 + v.r.IntN(3)
		if chance(v.r, 0.03) {
			quantity = 0 // a field left empty
		}
		v.do(always, "POST", "/v2/cart/items", toJSON(map[string]int{"product": last, "quantity": quantity}))
	}
	v.think(4 * time.Second)
	v.get("/v2/cart")
	if chance(v.r, 0.2) {
		v.think(5 * time.Second)
		v.do(always, "DELETE", "/v2/cart/items/"+strconv.Itoa(last), "")
	}
	if chance(v.r, 0.45) {
		return // perhaps tomorrow
	}
	v.think(12 * time.Second)
	v.do(always, "POST", "/v2/orders", "")
	v.think(25 * time.Second)
	if chance(v.r, 0.08) {
		v.pay(declinedCard)
		v.think(20 * time.Second)
	}
	v.pay("4111111111111111")
	v.think(2 * time.Second)
	v.do(hasOrder, "GET", "/v2/orders/"+orderMark, "")
}

// pay uses the numbers that payment companies publish for tests.
func (v *visit) pay(card string) {
	v.do(hasOrder, "POST", "/v2/payments",
		`{"order":`+orderMark+`,"card":{"number":"`+card+`","expiry":"11/29","cvc":"737"}}`)
}

// shop is a customer's visit with a browser.
func (v *visit) shop() {
	v.open("/")
	v.browse(9*time.Second, true)
	if chance(v.r, 0.25) {
		return // only looked
	}
	v.think(5 * time.Second)
	v.signIn()
	v.revisit()
	if chance(v.r, 0.7) {
		v.buy()
	}
	v.wander()
	if chance(v.r, 0.15) {
		v.think(6 * time.Second)
		v.do(signedIn, "POST", "/v2/logout", "")
	}
}

// revisit checks on earlier orders and the own profile.
func (v *visit) revisit() {
	if chance(v.r, 0.4) {
		v.think(4 * time.Second)
		v.do(signedIn, "GET", "/v2/orders", "")
		v.think(5 * time.Second)
		v.do(hasOrder, "GET", "/v2/orders/"+orderMark, "")
	}
	if chance(v.r, 0.25) {
		v.think(6 * time.Second)
		v.do(signedIn, "GET", fmt.Sprintf("/v2/users/%d", v.client.person.id), "")
	}
}

// wander is where a few end up by a mistyped or a guessed address.
func (v *visit) wander() {
	switch {
	case chance(v.r, 0.02):
		v.think(10 * time.Second)
		v.get(fmt.Sprintf("/v2/users/%d", v.client.person.id+1))
	case chance(v.r, 0.015):
		v.think(10 * time.Second)
		v.get("/v2/admin/stats")
	case chance(v.r, 0.02):
		v.think(10 * time.Second)
		v.get("/v2/wishlist")
	}
}

// tap is a customer's visit with the phone app.
func (v *visit) tap() {
	v.do(signedIn, "GET", "/v2/me", "")
	v.soon()
	v.get("/v2/products?page=1")
	v.think(2 * time.Second)
	v.signIn()
	v.browse(6*time.Second, false)
	v.revisit()
	if chance(v.r, 0.6) {
		v.buy()
	}
	v.wander()
}

// look is a guest's visit: nothing but looking, with an occasional try.
func (v *visit) look() {
	v.open("/")
	v.browse(8*time.Second, true)
	if chance(v.r, 0.12) {
		v.think(5 * time.Second)
		v.do(always, "POST", "/v2/cart/items", toJSON(map[string]int{"product": v.product(), "quantity": 1}))
	}
}

// manage is the work of the shop's staff.
func (v *visit) manage() {
	v.open("/")
	v.think(3 * time.Second)
	v.signIn()
	for range 4 + v.r.IntN(10) {
		v.think(15 * time.Second)
		switch v.r.IntN(4) {
		case 0:
			v.get("/v2/admin/stats")
		case 1:
			v.get("/v2/admin/orders")
		default:
			v.get(fmt.Sprintf("/v2/users/%d", firstCustomer+v.r.IntN(minCustomers)))
		}
	}
	v.do(signedIn, "POST", "/v2/logout", "")
}

// sync is one run of a partner's program. Now and then it starts with last
// year's key, or runs away and is told to slow down.
func (v *visit) sync() {
	if chance(v.r, 0.03) {
		good := v.client.apiKey
		v.client.apiKey = good[:len(good)-4] + "0000"
		v.get("/v2/stock/" + skuOf(v.product()))
		return
	}
	calls, gap := 8+v.r.IntN(24), 350*time.Millisecond
	if chance(v.r, 0.04) {
		calls, gap = 60, 90*time.Millisecond
	}
	for range calls {
		sku := skuOf(v.product())
		v.get("/v2/stock/" + sku)
		v.now = v.now.Add(gap + time.Duration(v.r.IntN(60))*time.Millisecond)
		if chance(v.r, 0.15) {
			v.do(always, "PUT", "/v2/stock/"+sku, toJSON(map[string]int{"quantity": 200 + v.r.IntN(600)}))
			v.now = v.now.Add(gap)
		}
	}
}

// crawl is one round of the search engine through the sitemap.
func (v *visit) crawl() {
	v.get("/robots.txt")
	v.think(2 * time.Second)
	v.get("/sitemap.xml")
	for range 8 + v.r.IntN(24) {
		v.think(4 * time.Second)
		switch {
		case chance(v.r, 0.04):
			v.get("/p/" + strconv.Itoa(firstProduct+productCount+v.r.IntN(40)))
		case chance(v.r, 0.05):
			v.get("/v1/products/" + strconv.Itoa(v.product()))
		default:
			v.get(pagePath(v.product()))
		}
	}
}

func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("bug: " + err.Error())
	}
	return string(b)
}
