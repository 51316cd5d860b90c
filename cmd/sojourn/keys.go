package main

import (
	"encoding/json"
	"fmt"
	"strconv"

	"sojourn/internal/inspect/identity"
)

// keysCmd shows the built-in session keys. It needs neither a server nor data.
type keysCmd struct {
	JSON bool `help:"Print a JSON document instead of text for people."`
}

// keysDocument is what --json prints.
type keysDocument struct {
	Version int            `json:"version"` // of the built-in set
	Keys    []identity.Key `json:"keys"`
}

// Run prints the ladder, from the key that is tried first to the last.
func (c *keysCmd) Run(a *app) error {
	keys := identity.Keys()
	if c.JSON {
		return json.NewEncoder(a.stdout).Encode(keysDocument{identity.BuiltinVersion, keys})
	}
	s := newScreen(a.stdout)
	fmt.Fprintf(s, "Built-in session keys, version %d. The first that a request has a value for groups it;\nkeys of one name share a namespace.\n\n", identity.BuiltinVersion)
	t := table{screen: s, columns: []column{
		{title: "TRIED", right: true}, {title: "KEY", least: 12}, {title: "STRENGTH"}, {title: "POINT", least: 24}, {title: "NOTE", least: 10},
	}}
	rows := make([][]cell, len(keys))
	for i, k := range keys {
		rows[i] = []cell{{text: strconv.Itoa(k.Rank)}, {text: k.Key}, {text: string(k.Strength)}, {text: k.Point}, {text: k.Note, tint: dim}}
	}
	return t.draw(rows)
}
