package demo

import (
	"net/http"
	"slices"
	"strconv"
)

// item is one line of a cart or an order.
type item struct {
	Product  int `json:"product"`
	Quantity int `json:"quantity"`
	Cents    int `json:"price_cents"`
}

type cartView struct {
	Items []item `json:"items"`
	Cents int    `json:"total_cents"`
}

// viewOf copies items, so that the answer can be written without the lock.
func viewOf(items []item) cartView {
	view := cartView{Items: append([]item{}, items...)}
	for _, it := range items {
		view.Cents += it.Quantity * it.Cents
	}
	return view
}

func (s *shop) showCart(r *http.Request) (reply, error) {
	in, err := s.caller(r)
	if err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return reply{body: viewOf(s.accountOf(in.person.id).cart)}, nil
}

func (s *shop) addItem(r *http.Request) (reply, error) {
	in, err := s.caller(r)
	if err != nil {
		return reply{}, err
	}
	var want struct {
		Product  int `json:"product"`
		Quantity int `json:"quantity"`
	}
	if err := read(r, &want); err != nil {
		return reply{}, err
	}
	p, ok := s.product(strconv.Itoa(want.Product))
	if !ok {
		return reply{}, invalid("no_such_product")
	}
	if want.Quantity < 1 || want.Quantity > maxQuantity {
		return reply{}, invalid("quantity_out_of_range")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accountOf(in.person.id)
	i := slices.IndexFunc(a.cart, func(it item) bool { return it.Product == p.ID })
	switch {
	case i >= 0 && a.cart[i].Quantity+want.Quantity > maxQuantity:
		return reply{}, invalid("quantity_out_of_range")
	case i >= 0:
		a.cart[i].Quantity += want.Quantity
	case len(a.cart) >= maxCartItems:
		return reply{}, invalid("cart_full")
	default:
		a.cart = append(a.cart, item{Product: p.ID, Quantity: want.Quantity, Cents: p.Cents})
	}
	return reply{status: http.StatusCreated, body: viewOf(a.cart)}, nil
}

func (s *shop) removeItem(r *http.Request) (reply, error) {
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
	a := s.accountOf(in.person.id)
	i := slices.IndexFunc(a.cart, func(it item) bool { return it.Product == id })
	if i < 0 {
		return reply{}, errNotFound
	}
	a.cart = slices.Delete(a.cart, i, i+1)
	return reply{status: http.StatusNoContent}, nil
}
