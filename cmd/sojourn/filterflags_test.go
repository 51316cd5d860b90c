package main

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/api"
)

// TestFilterFlags_AsAPI: each filter of the API has a flag, and asks under its name.
func TestFilterFlags_AsAPI(t *testing.T) {
	var f filterFlags
	v := reflect.ValueOf(&f).Elem()
	for i := range v.NumField() {
		if field := v.Field(i); field.Kind() == reflect.String {
			field.SetString("x")
		} else {
			field.Set(reflect.ValueOf([]string{"x"}))
		}
	}
	document, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, p := range d.Paths["/api/v1/sessions/{id}"]["get"].Parameters {
		if p.In == "query" && p.Name != "part" { // which has a flag of its own
			want = append(want, p.Name)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(f.values()))); diff != "" {
		t.Errorf("filters (-API +flags):\n%s", diff)
	}
}
