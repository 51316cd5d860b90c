package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// A facet of what only some traffic has costs a question as much as any other, and
// on most days no request has a value. One look at the dictionaries tells.

// rareFacets are those facets, and the texts that they count.
var rareFacets = []struct {
	facet string
	dict  int
	text  string
}{
	{"origin", dictPlace, "country"},
	{"country", dictPlace, "country"},
	{"user", dictPerson, "user_name"},
	{"role", dictPerson, "role"},
	{"graphql_operation", dictMessage, "graphql_operation"},
	{"mcp_method", dictMessage, "mcp_method"},
	{"mcp_name", dictMessage, "mcp_name"},
}

// splitFacets parts the facets that have a value somewhere in the day from those
// that have none. It tells whether facets count requests of several messages.
func splitFacets(ctx context.Context, tx *sql.Tx, facets []string) (told, untold []string, more bool, err error) {
	looks := []string{"false"}
	if slices.ContainsFunc(facets, func(f string) bool { return messageFacets[f] != "" }) {
		looks[0] = hasMore
	}
	has := []any{&more}
	for _, f := range rareFacets {
		looks = append(looks, fmt.Sprintf("EXISTS (SELECT 1 FROM %s WHERE %s <> '')", dictionaries[f.dict].table, f.text))
		has = append(has, new(bool))
	}
	if err := tx.QueryRowContext(ctx, "SELECT "+strings.Join(looks, ", ")).Scan(has...); err != nil {
		return nil, nil, false, err
	}
	for i, f := range rareFacets {
		told := *has[1+i].(*bool) || more && messageFacets[f.facet] != ""
		if slices.Contains(facets, f.facet) && !told {
			untold = append(untold, f.facet)
		}
	}
	return slices.DeleteFunc(slices.Clone(facets), func(f string) bool { return slices.Contains(untold, f) }), untold, more, nil
}

// addUntold counts the requests of t under no value of facets that have none.
func (t *tally) addUntold(facets []string) {
	for _, f := range facets {
		if f != "origin" && t.requests > 0 {
			t.facets[f] = &facetTally{distinct: 1, counts: map[string]int64{"": t.requests}}
		}
	}
}
