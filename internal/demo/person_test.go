package demo

import "testing"

func TestPerson(t *testing.T) {
	for _, id := range []int{1, staffCount, firstCustomer, 4711, firstCustomer + maxCustomers - 1} {
		p, ok := personOf(1, id)
		if !ok || p.staff != (id <= staffCount) {
			t.Fatalf("person %d: %+v, %v", id, p, ok)
		}
		if back, ok := personNamed(1, p.email); !ok || back != p {
			t.Errorf("%s is %+v, want %+v", p.email, back, p)
		}
		if other, _ := personOf(2, id); other.password == p.password && other.email == p.email {
			t.Errorf("person %d is the same for two seeds", id)
		}
	}
	for _, id := range []int{-1, 0, staffCount + 1, firstCustomer - 1, firstCustomer + maxCustomers} {
		if p, ok := personOf(1, id); ok {
			t.Errorf("person %d exists: %+v", id, p)
		}
	}
	p, _ := personOf(1, 1234)
	for _, email := range []string{"", "@", "1234", "@example.net", "x@example.net", "nobody.here1234@example.net", p.email + ".evil", "a99999999999999999999@example.net", "-5@example.net"} {
		if got, ok := personNamed(1, email); ok {
			t.Errorf("%q found %+v", email, got)
		}
	}
}
