package demo

import (
	"net/http"
	"strconv"
)

type userView struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	Role  string `json:"role"`
}

func (p person) view() userView {
	role := "buyer"
	if p.staff {
		role = "admin"
	}
	return userView{p.id, p.name, p.email, role}
}

func (s *shop) me(r *http.Request) (reply, error) {
	in, err := s.caller(r)
	if err != nil {
		return reply{}, err
	}
	return reply{body: in.person.view()}, nil
}

// showUser tells everybody about themselves, and staff about everybody.
func (s *shop) showUser(r *http.Request) (reply, error) {
	in, err := s.caller(r)
	if err != nil {
		return reply{}, err
	}
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return reply{}, errNotFound
	}
	if id != in.person.id && !in.person.staff {
		return reply{}, errForbidden
	}
	p, ok := personOf(s.cfg.Seed, id)
	if !ok {
		return reply{}, errNotFound
	}
	return reply{body: p.view()}, nil
}

// admin refuses everybody but staff.
func (s *shop) admin(r *http.Request) error {
	in, err := s.caller(r)
	if err == nil && !in.person.staff {
		err = &refusal{status: http.StatusForbidden, code: "staff_only"}
	}
	return err
}

func (s *shop) adminStats(r *http.Request) (reply, error) {
	if err := s.admin(r); err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	open := 0
	for o := range s.orders.newest() {
		if o.Status == orderOpen {
			open++
		}
	}
	return reply{body: struct {
		Sessions int `json:"sessions"`
		Accounts int `json:"accounts"`
		Orders   int `json:"orders"`
		Open     int `json:"open_orders"`
	}{s.credentials.len() / 2, s.accounts.len(), s.orders.len(), open}}, nil
}

func (s *shop) adminOrders(r *http.Request) (reply, error) {
	if err := s.admin(r); err != nil {
		return reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []order{}
	for o := range s.orders.newest() {
		if list = append(list, *o); len(list) == maxOwnOrders {
			break
		}
	}
	return reply{body: map[string][]order{"orders": list}}, nil
}

// adminUnknown tells only staff what does not exist.
func (s *shop) adminUnknown(r *http.Request) (reply, error) {
	if err := s.admin(r); err != nil {
		return reply{}, err
	}
	return reply{}, errNotFound
}
