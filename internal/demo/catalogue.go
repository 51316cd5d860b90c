package demo

import (
	"fmt"
	"strings"
)

// product is one thing on sale. The catalogue is the same for one seed, and the
// traffic knows it too, as people know what a shop has.
type product struct {
	ID          int      `json:"id"`
	SKU         string   `json:"sku"`
	Name        string   `json:"name"`
	Category    string   `json:"category"`
	Cents       int      `json:"price_cents"`
	Rating      float64  `json:"rating"`
	Tags        []string `json:"tags"`
	Image       string   `json:"image"`
	Description string   `json:"description,omitempty"`
}

const (
	productCount = 240
	firstProduct = 101
	pageSize     = 12
	pageCount    = productCount / pageSize
)

var (
	materials  = []string{"Oak", "Linen", "Copper", "Wool", "Slate", "Cork", "Ash", "Enamel", "Brass", "Cotton"}
	things     = []string{"Lamp", "Kettle", "Blanket", "Stool", "Tray", "Mirror", "Basket", "Clock", "Bowl", "Shelf", "Cushion", "Vase"}
	categories = []string{"kitchen", "living", "bedroom", "garden", "office"}
	tags       = []string{"new", "sale", "handmade", "recycled", "gift", "outdoor", "limited"}
	phrases    = []string{
		"Made in small batches by people who use it themselves.", "Ages well and can be repaired.",
		"Comes in a box without plastic.", "A quiet design that fits any room.",
		"Wipe with a damp cloth; do not soak.", "The wood is from forests within a day's drive.",
		"Two years of guarantee, and spare parts for ten.", "Weighs less than it looks.",
	}
)

func catalogue(seed uint64) []product {
	list := make([]product, productCount)
	for i := range list {
		r := draw(seed, placeCatalogue, uint64(i))
		id := firstProduct + i
		category := pick(r, categories)
		list[i] = product{
			ID:       id,
			SKU:      skuOf(id),
			Name:     pick(r, materials) + " " + pick(r, things),
			Category: category,
			Cents:    100*(5+r.IntN(195)) + 90,
			Rating:   float64(20+r.IntN(30)) / 10,
			Tags:     []string{pick(r, tags)},
			Image:    fmt.Sprintf("/static/img/%d.svg", id),
			Description: strings.Join([]string{
				"For the " + category + ".", pick(r, phrases), pick(r, phrases), pick(r, phrases), pick(r, phrases),
			}, " "),
		}
	}
	return list
}

func skuOf(id int) string { return fmt.Sprintf("FH-%05d", 20000+7*id) }
