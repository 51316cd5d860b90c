package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"sojourn/internal/client"
	"sojourn/internal/record"
)

// eraseCmd removes the requests of a person.
type eraseCmd struct {
	serverFlags
	outputFlags
	User    string `help:"Requests of this user, as they have it." placeholder:"NAME"`
	Session string `help:"Requests of this session." placeholder:"ID"`
	From    string `help:"Requests that started at or after it: RFC 3339, now, or back from now as -15m, -24h, -7d." placeholder:"TIME"`
	To      string `help:"Requests that started before it." placeholder:"TIME"`
	DryRun  bool   `help:"Count only."`
	Yes     bool   `help:"Do not ask."`
}

// Help is shown by --help after the description.
func (eraseCmd) Help() string {
	return `Each day that has such requests is rewritten without them; nothing of them stays in
its file. Out of reach are: backups (make new ones and delete the old), exports,
files of days that were set aside (they are named), the files that requests were imported from, and
the records of requests that come later.

Examples:
  sojourn erase --user maria --dry-run
  sojourn erase --user maria --yes
  sojourn erase --session 9d71154dadd331c60b2f3a41c1d0e5aa --to -7d`
}

// Run counts, asks and erases, day by day.
func (c *eraseCmd) Run(a *app) error {
	what := record.Erasure{User: c.User, From: c.From, To: c.To, DryRun: true}
	if c.User == "" && c.Session == "" {
		return usageError{errors.New("say whose requests: --user NAME, --session ID, or both")}
	}
	if c.Session != "" {
		id, err := record.ParseSessionID(c.Session)
		if err != nil {
			return usageError{fmt.Errorf("--session: %w", err)}
		}
		what.Session = id
	}
	return c.with(a, func(server *client.Client) error {
		found, err := server.Erase(a.ctx, what)
		if err != nil && (c.DryRun || !c.Yes) { // else a day that cannot be counted does not keep the others
			return err
		}
		if c.DryRun {
			return c.tell(a, found, "would be erased")
		}
		if !c.Yes {
			if ok, err := c.ask(a, found); err != nil || !ok {
				return err
			}
		}
		erased, err := c.erase(a, server, what, found)
		return errors.Join(err, c.tell(a, erased, "erased"))
	})
}

// erase erases day by day what was found, so that little is left to do again when it
// is interrupted, and then what has come since. A day that fails does not keep the others.
func (c *eraseCmd) erase(a *app, server *client.Client, what record.Erasure, found record.Erased) (all record.Erased, failed error) {
	all = record.Erased{Days: []record.PartRef{}, Notes: []string{}}
	what.DryRun = false
	if c.From == "" && c.To == "" {
		for _, d := range found.Days {
			part := what
			part.From, part.To = d.Part.Start().String(), (d.Part + 1).Start().String()
			erased, err := server.Erase(a.ctx, part)
			all.Add(erased)
			if a.ctx.Err() != nil {
				return all, a.ctx.Err()
			}
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("erasing day %s: %w", d.Part, err))
			}
		}
	}
	rest, err := server.Erase(a.ctx, what)
	all.Add(rest)
	return all, errors.Join(failed, err)
}

func (c *eraseCmd) ask(a *app, found record.Erased) (bool, error) {
	in, ok := a.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return false, usageError{errors.New("there is nobody to ask: give --yes, or --dry-run to count only")}
	}
	if err := c.tell(a, found, "will be erased, for good"); err != nil {
		return false, err
	}
	fmt.Fprint(a.stderr, "Erase them? [y/N] ")
	answer, _ := bufio.NewReader(in).ReadString('\n')
	return slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer))), nil
}

func (c *eraseCmd) tell(a *app, e record.Erased, how string) error {
	if c.JSON {
		return json.NewEncoder(a.stdout).Encode(e)
	}
	s := newScreen(a.stdout)
	if len(e.Days) > 0 {
		t := &table{screen: s, columns: []column{{title: "DAY"}, {title: "REQUESTS", right: true}}}
		var rows [][]cell
		for _, d := range e.Days {
			rows = append(rows, []cell{{text: d.Part.String()}, {text: count(d.Requests)}})
		}
		if err := t.draw(rows); err != nil {
			return err
		}
	}
	for _, note := range e.Notes {
		fmt.Fprintln(a.stderr, "note:", visible(note))
	}
	_, err := fmt.Fprintf(s, "%s %s\n", quantity(uint64(e.Requests), "request"), how)
	if e.Requests > 0 && how == "erased" {
		fmt.Fprintln(a.stderr, "note: backups and exports made before still hold them")
	}
	return err
}
