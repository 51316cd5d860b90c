package demo

import (
	"net/http"
	"strconv"
	"time"
)

// order is a cart that somebody decided to buy.
type order struct {
	ID     int       `json:"id"`
	User   int       `json:"user_id"`
	Placed time.Time `json:"placed"`
	Status string    `json:"status"` // open, paid
	cartView
}

const (
	orderOpen = "open"
	orderPaid = "paid"
)

func (s *shop) placeOrder(r *http.Request) (reply, error) {
	in, err := s.caller(r)
	if err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accountOf(in.person.id)
	if len(a.cart) == 0 {
		return reply{}, invalid("cart_is_empty")
	}
	for _, it := range a.cart {
		if s.stock[skuOf(it.Product)] < it.Quantity {
			return reply{}, invalid("out_of_stock")
		}
	}
	for _, it := range a.cart {
		s.stock[skuOf(it.Product)] -= it.Quantity
	}
	s.lastOrder++
	o := &order{
		ID: s.lastOrder, User: in.person.id, Placed: s.cfg.Now().UTC(), Status: orderOpen,
		cartView: viewOf(a.cart),
	}
	s.orders.put(o.ID, o)
	a.cart = nil
	a.orders = append(a.orders, o.ID)
	if len(a.orders) > maxOwnOrders {
		a.orders = append(a.orders[:0], a.orders[1:]...)
	}
	return reply{
		status: http.StatusCreated,
		header: http.Header{"Location": {"/v2/orders/" + strconv.Itoa(o.ID)}},
		body:   *o,
	}, nil
}

func (s *shop) listOrders(r *http.Request) (reply, error) {
	in, err := s.caller(r)
	if err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []order{}
	own := s.accountOf(in.person.id).orders
	for i := len(own) - 1; i >= 0; i-- {
		if o, ok := s.orders.get(own[i]); ok {
			list = append(list, *o)
		}
	}
	return reply{body: map[string][]order{"orders": list}}, nil
}

func (s *shop) showOrder(r *http.Request) (reply, error) {
	in, err := s.caller(r)
	if err != nil {
		return reply{}, err
	}
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return reply{}, errNotFound
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.orders.get(id)
	switch {
	case !ok:
		return reply{}, errNotFound
	case o.User != in.person.id && !in.person.staff:
		return reply{}, errForbidden
	}
	return reply{body: *o}, nil
}

func (s *shop) pay(r *http.Request) (reply, error) {
	in, err := s.caller(r)
	if err != nil {
		return reply{}, err
	}
	var want struct {
		Order int `json:"order"`
		Card  struct {
			Number string `json:"number"`
		} `json:"card"`
	}
	if err := read(r, &want); err != nil {
		return reply{}, err
	}
	if !luhn(want.Card.Number) {
		return reply{}, invalid("card_number_wrong")
	}
	if want.Card.Number == declinedCard {
		return reply{}, invalid("card_declined")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.orders.get(want.Order)
	switch {
	case !ok || o.User != in.person.id:
		return reply{}, errNotFound
	case o.Status == orderPaid:
		return reply{}, &refusal{status: http.StatusConflict, code: "already_paid"}
	}
	o.Status = orderPaid
	return reply{status: http.StatusCreated, body: struct {
		Order  int    `json:"order"`
		Status string `json:"status"`
		Cents  int    `json:"amount_cents"`
		Card   string `json:"card"`
	}{o.ID, "captured", o.Cents, "···· " + want.Card.Number[len(want.Card.Number)-4:]}}, nil
}

// declinedCard passes the check of its digits and is declined all the same.
const declinedCard = "4000000000000002"

// luhn checks the last digit of a card number (ISO/IEC 7812-1, annex B).
func luhn(number string) bool {
	if len(number) < 12 || len(number) > 19 {
		return false
	}
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i]) - '0'
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
