package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"sojourn/internal/client"
	"sojourn/internal/store"
)

// outputFlags say how a command prints.
type outputFlags struct {
	JSON bool `help:"Print the document of the API instead of text for people."`
}

// document is one answer of the API, and how people read it.
type document[T any] struct {
	path    string
	filters url.Values
	ask     func(*client.Client) (T, error)
	print   func(*screen, T) error
	running bool // only a running server has it
}

// show asks for one document and prints it.
func show[T any](a *app, server *serverFlags, asJSON bool, d document[T]) error {
	with := server.with
	if d.running {
		with = server.withRunning
	}
	return with(a, func(c *client.Client) error {
		if asJSON {
			return copyJSON(a, c, d.path, d.filters)
		}
		v, err := d.ask(c)
		if err != nil {
			return err
		}
		return d.print(newScreen(a.stdout), v)
	})
}

// listing is a list of the API, and how it is drawn.
type listing[T any] struct {
	path    string
	member  string // of the document that holds the list
	filters url.Values
	page    func(*client.Client, url.Values) (values []T, next string, err error)
	columns []column
	row     func(T) []cell
}

// list prints one page, or all of them, as a table or as the API's document.
func list[T any](a *app, server *serverFlags, page *pageFlags, asJSON bool, l listing[T]) error {
	page.add(l.filters)
	return server.with(a, func(c *client.Client) error {
		switch {
		case !asJSON:
			return l.draw(a, c, page.All)
		case page.All:
			return l.joinJSON(a, c)
		}
		return copyJSON(a, c, l.path, l.filters)
	})
}

// draw prints a table, page by page.
func (l listing[T]) draw(a *app, c *client.Client, all bool) error {
	drawn := &table{screen: newScreen(a.stdout), columns: l.columns}
	for {
		values, next, err := l.page(c, l.filters)
		if err != nil {
			return err
		}
		if len(values) == 0 && drawn.widths == nil && next == "" {
			_, err := fmt.Fprintln(a.stderr, "nothing matches")
			return err
		}
		var rows [][]cell
		for _, v := range values {
			rows = append(rows, l.row(v))
		}
		if len(rows) > 0 {
			if err := drawn.draw(rows); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		if !all {
			said := "there are more"
			if len(values) < l.wanted() {
				said = "the time was up before all was searched"
			}
			_, err := fmt.Fprintf(a.stderr, "%s: --cursor %s, or --all\n", said, visible(next))
			return err
		}
		l.filters.Set("cursor", next)
	}
}

// wanted is how many rows a page has, unless it is cut short.
func (l listing[T]) wanted() int {
	n, err := strconv.Atoi(l.filters.Get("limit"))
	if err != nil {
		return store.DefaultLimit
	}
	return n
}

// copyJSON prints a document as the API wrote it.
func copyJSON(a *app, c *client.Client, path string, filters url.Values) error {
	text, err := c.Get(a.ctx, path, filters)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(text)
	return err
}

// joinJSON prints all pages as one document of the same shape, without holding
// more than one of them.
func (l listing[T]) joinJSON(a *app, c *client.Client) error {
	lead := fmt.Sprintf("{%q:[", l.member)
	for {
		text, err := c.Get(a.ctx, l.path, l.filters)
		if err != nil {
			return err
		}
		items, next, err := l.items(text)
		if err != nil {
			return fmt.Errorf("the server's answer is not what this version expects: %w", err)
		}
		for _, item := range items {
			if _, err := fmt.Fprintf(a.stdout, "%s%s", lead, item); err != nil {
				return err
			}
			lead = ",\n"
		}
		if next == "" {
			break
		}
		l.filters.Set("cursor", next)
	}
	end := "]}\n"
	if lead != ",\n" {
		end = lead + end
	}
	_, err := fmt.Fprint(a.stdout, end)
	return err
}

// items takes the list and the cursor out of a page.
func (l listing[T]) items(page []byte) (items []json.RawMessage, next string, err error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(page, &members); err != nil {
		return nil, "", err
	}
	if err := json.Unmarshal(members[l.member], &items); err != nil {
		return nil, "", err
	}
	if text, more := members["next"]; more {
		err = json.Unmarshal(text, &next)
	}
	return items, next, err
}
