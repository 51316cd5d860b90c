package demo

import (
	"net/http"
	"strconv"
)

func (s *shop) listProducts(r *http.Request) (reply, error) {
	page := 1
	if text := r.URL.Query().Get("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return reply{}, invalid("page_must_be_a_number_from_1")
		}
		page = n
	}
	if page > pageCount {
		return reply{}, errNotFound
	}
	some := make([]product, pageSize)
	copy(some, s.products[(page-1)*pageSize:])
	for i := range some {
		some[i].Description = "" // only the product's own page tells it
	}
	return reply{body: struct {
		Page     int       `json:"page"`
		Pages    int       `json:"pages"`
		Products []product `json:"products"`
	}{page, pageCount, some}}, nil
}

func (s *shop) showProduct(r *http.Request) (reply, error) {
	p, ok := s.product(r.PathValue("id"))
	if !ok {
		return reply{}, errNotFound
	}
	return reply{body: p}, nil
}

func (s *shop) product(id string) (product, bool) {
	n, err := strconv.Atoi(id)
	if err != nil || n < firstProduct || n >= firstProduct+productCount {
		return product{}, false
	}
	return s.products[n-firstProduct], true
}
