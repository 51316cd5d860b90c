package demo

import (
	"net/http"
	"time"
)

// A partner may make partnerCalls in any partnerWindow, then gets 429.
const (
	partnerCalls  = 40
	partnerWindow = 10 * time.Second
)

// window counts the calls of one partner since it began.
type window struct {
	began time.Time
	calls int
}

// partner admits the holder of an API key, within its rate.
func (s *shop) partner(r *http.Request) error {
	i, ok := s.keys[r.Header.Get("X-API-Key")]
	if !ok {
		return &refusal{status: http.StatusUnauthorized, code: "api_key_unknown"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w, now := &s.windows[i], s.cfg.Now()
	if since := now.Sub(w.began); since.Abs() >= partnerWindow {
		*w = window{began: now}
	}
	if w.calls++; w.calls > partnerCalls {
		return &refusal{status: http.StatusTooManyRequests, code: "slow_down", retry: "10"}
	}
	return nil
}

type stockView struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

func (s *shop) showStock(r *http.Request) (reply, error) {
	if err := s.partner(r); err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sku := r.PathValue("sku")
	n, ok := s.stock[sku]
	if !ok {
		return reply{}, errNotFound
	}
	return reply{body: stockView{sku, n}}, nil
}

func (s *shop) setStock(r *http.Request) (reply, error) {
	if err := s.partner(r); err != nil {
		return reply{}, err
	}
	var want struct {
		Quantity *int `json:"quantity"`
	}
	if err := read(r, &want); err != nil {
		return reply{}, err
	}
	if want.Quantity == nil || *want.Quantity < 0 || *want.Quantity > 1_000_000 {
		return reply{}, invalid("quantity_out_of_range")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sku := r.PathValue("sku")
	if _, ok := s.stock[sku]; !ok {
		return reply{}, errNotFound
	}
	s.stock[sku] = *want.Quantity
	return reply{body: stockView{sku, *want.Quantity}}, nil
}
