package demo

import (
	"fmt"
	"strconv"
	"strings"
)

// person is a customer or a member of staff. People are not stored: whoever
// knows the seed and a number knows the person, so the shop can check the
// password of a hundred thousand of them and remember only who came by.
type person struct {
	id       int
	name     string
	email    string
	password string
	staff    bool
}

const (
	staffCount    = 8      // people 1 to staffCount run the shop
	firstCustomer = 1000   // customers are numbered from here
	maxCustomers  = 150000 // the shop knows no more
)

var (
	firstNames = []string{
		"Maria", "Jonas", "Aisha", "Liam", "Sofia", "Noah", "Emma", "Mateo", "Yuki", "Omar", "Chloe", "Lukas",
		"Priya", "Daniel", "Ines", "Tomas", "Nora", "Felix", "Amara", "Viktor", "Elena", "Hugo", "Mei", "Samuel",
	}
	lastNames = []string{
		"Keller", "Novak", "Okafor", "Murphy", "Rossi", "Larsen", "Dubois", "Garcia", "Tanaka", "Haddad", "Meyer",
		"Svensson", "Patel", "Cohen", "Costa", "Kowalski", "Berg", "Weber", "Diallo", "Petrov", "Vega", "Moreau", "Lin", "Walsh",
	}
	passwordWords = []string{
		"river", "lantern", "copper", "meadow", "orbit", "saffron", "pebble", "harbour", "velvet", "thistle", "cinder", "willow",
	}
)

// personOf returns person id, and false when nobody has that number.
func personOf(seed uint64, id int) (person, bool) {
	staff := id >= 1 && id <= staffCount
	if !staff && (id < firstCustomer || id >= firstCustomer+maxCustomers) {
		return person{}, false
	}
	r := draw(seed, placePerson, uint64(id))
	first, last := pick(r, firstNames), pick(r, lastNames)
	return person{
		id:       id,
		name:     first + " " + last,
		email:    fmt.Sprintf("%s.%s%d@example.net", strings.ToLower(first), strings.ToLower(last), id),
		password: fmt.Sprintf("%s-%s-%d", pick(r, passwordWords), pick(r, passwordWords), 10+r.IntN(90)),
		staff:    staff,
	}, true
}

// personNamed finds a person by email: its digits are the number.
func personNamed(seed uint64, email string) (person, bool) {
	local, _, ok := strings.Cut(email, "@")
	if !ok {
		return person{}, false
	}
	id, err := strconv.Atoi(local[len(strings.TrimRight(local, "0123456789")):])
	if err != nil {
		return person{}, false
	}
	p, ok := personOf(seed, id)
	return p, ok && p.email == email
}
