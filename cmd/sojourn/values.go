package main

import (
	"fmt"
	"strconv"

	"sojourn/internal/client"
	"sojourn/internal/record"
	"sojourn/internal/store"
)

// valuesCmd lists the values of a field.
type valuesCmd struct {
	serverFlags
	filterFlags
	outputFlags
	Limit *int   `help:"How many to list at the most. 20 by default." placeholder:"N"`
	Field string `arg:"" help:"Name of the field, such as user, or context.NAME."`
	Text  string `arg:"" optional:"" help:"Only values that contain it, whatever the case."`
}

// Help is shown by --help after the description.
func (valuesCmd) Help() string {
	return `Examples:
  sojourn values user ma
  sojourn values endpoint --status 5xx --from -24h`
}

// Run lists values.
func (c *valuesCmd) Run(a *app) error {
	filters := c.filterFlags.values()
	filters.Set("field", c.Field)
	if c.Text != "" {
		filters.Set("contains", c.Text)
	}
	if c.Limit != nil {
		filters.Set("limit", strconv.Itoa(*c.Limit))
	}
	return show(a, &c.serverFlags, c.JSON, document[record.Values]{
		path: "values", filters: filters,
		ask: func(server *client.Client) (record.Values, error) { return server.Values(a.ctx, filters) },
		print: func(s *screen, v record.Values) error {
			if len(v.Values) == 0 {
				_, err := fmt.Fprintln(a.stderr, "nothing matches")
				return err
			}
			t := table{screen: s, columns: []column{{title: "REQUESTS", right: true}, {title: "VALUE", least: 20}}}
			var rows [][]cell
			for _, value := range v.Values {
				rows = append(rows, []cell{{text: count(value.Count)}, {text: none(value.Value)}})
			}
			if err := t.draw(rows); err != nil {
				return err
			}
			if more := v.Distinct - int64(len(v.Values)); more > 0 {
				fmt.Fprintf(a.stderr, "and %d more\n", more)
			}
			return nil
		},
	})
}

// none stands for the empty text, which requests without a value count under.
func none(value string) string {
	if value == "" {
		return "(none)"
	}
	return value
}

// groupableFields are what requests can be counted by; of context parameters the
// beginning.
func groupableFields() (names []string) {
	for i := range store.Fields {
		f := &store.Fields[i]
		switch {
		case f.Kind == store.KindContext:
			names = append(names, f.Name+".")
		case f.Group:
			names = append(names, f.Name)
		}
	}
	return names
}
