package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"sojourn/internal/client"
	"sojourn/internal/record"
)

// sessionsCmd shows sessions on the terminal, as the API tells them.
type sessionsCmd struct {
	List       sessionsListCmd       `cmd:"" help:"List sessions, a row for each UTC day of one, newest first."`
	Count      sessionsCountCmd      `cmd:"" help:"Count sessions and the requests that match."`
	Show       sessionsShowCmd       `cmd:"" help:"Sum up one session."`
	Requests   sessionsRequestsCmd   `cmd:"" help:"List the requests of one session, oldest first."`
	Neighbours sessionsNeighboursCmd `cmd:"" help:"List the days of a session, and other sessions of its user and its client."`
}

type sessionsListCmd struct {
	serverFlags
	filterFlags
	sortFlags
	withinFlag
	pageFlags
	outputFlags
}

// Help is shown by --help after the description.
func (sessionsListCmd) Help() string {
	return `Examples:
  sojourn sessions list --from -24h --status 5xx
  sojourn sessions list --ip 192.0.2.0/24 --host '*.example.com' --all --json
  sojourn sessions list --not-user= --has-endpoint '*login*' --sort requests`
}

// Run lists sessions.
func (c *sessionsListCmd) Run(a *app) error {
	filters := c.filterFlags.values()
	c.sortFlags.add(filters)
	c.withinFlag.add(filters)
	return list(a, &c.serverFlags, &c.pageFlags, c.JSON, listing[record.Part]{
		path: "sessions", member: "sessions", filters: filters, columns: sessionColumns, row: sessionRow,
		page: func(server *client.Client, filters url.Values) ([]record.Part, string, error) {
			page, err := server.Sessions(a.ctx, filters)
			return page.Sessions, page.Next, err
		},
	})
}

type sessionsCountCmd struct {
	serverFlags
	filterFlags
	withinFlag
	outputFlags
}

// Run counts sessions.
func (c *sessionsCountCmd) Run(a *app) error {
	filters := c.filterFlags.values()
	c.withinFlag.add(filters)
	return show(a, &c.serverFlags, c.JSON, document[record.Total]{
		path: "sessions/count", filters: filters,
		ask: func(server *client.Client) (record.Total, error) { return server.Count(a.ctx, filters) },
		print: func(s *screen, t record.Total) error {
			least := ""
			if !t.Complete {
				least = "at least "
			}
			return printFields(s, []field{{"parts", least + count(t.Parts)}, {"requests", least + count(t.Requests)}})
		},
	})
}

type sessionsNeighboursCmd struct {
	serverFlags
	outputFlags
	From  string `help:"Only what started at or after it, written as for sessions list." placeholder:"TIME"`
	To    string `help:"Only what started before it." placeholder:"TIME"`
	Limit *int   `help:"How many to list of each kind, up to 100. 10 by default." placeholder:"N"`
	ID    string `arg:"" help:"Session id."`
}

// Run lists neighbours.
func (c *sessionsNeighboursCmd) Run(a *app) error {
	filters := (&filterFlags{From: c.From, To: c.To}).values()
	(&pageFlags{Limit: c.Limit}).add(filters)
	return show(a, &c.serverFlags, c.JSON, document[record.Neighbours]{
		path: "sessions/" + url.PathEscape(c.ID) + "/neighbours", filters: filters, print: printNeighbours,
		ask: func(server *client.Client) (record.Neighbours, error) {
			return server.Neighbours(a.ctx, c.ID, filters)
		},
	})
}

func printNeighbours(s *screen, n record.Neighbours) error {
	user, browser := "same user", "same client"
	if n.User != "" {
		user += " " + n.User
	}
	if n.Client != (record.SessionID{}) {
		browser += " " + n.Client.String()
	}
	for i, group := range []struct {
		title string
		parts []record.Part
	}{{"days of the session", n.Days}, {user, n.SameUser}, {browser, n.SameClient}} {
		if i > 0 {
			fmt.Fprintln(s)
		}
		fmt.Fprintln(s, s.paint(visible(group.title), bold))
		if len(group.parts) == 0 {
			fmt.Fprintln(s, s.paint("none", dim))
			continue
		}
		var rows [][]cell
		for _, p := range group.parts {
			rows = append(rows, sessionRow(p))
		}
		if err := (&table{screen: s, columns: sessionColumns}).draw(rows); err != nil {
			return err
		}
	}
	return nil
}

var sessionColumns = []column{
	{title: "SESSION"}, {title: "STARTED (UTC)"}, {title: "FOR", right: true}, {title: "REQUESTS", right: true},
	{title: "ATTACKS", right: true}, {title: "ERRORS", right: true}, {title: "IP", least: 15},
	{title: "HOST", least: 10}, {title: "ENDPOINTS", least: 16}, {title: "KEY", least: 8}, {title: "USER AGENT", least: 10},
}

func sessionRow(p record.Part) []cell {
	return []cell{
		{text: p.ID.String()},
		{text: p.Started.Std().Format("2006-01-02 15:04:05")},
		{text: span(p.Ended - p.Started)},
		{text: count(p.Requests)},
		{count(p.Attacks), alarm(p.Attacks, red)},
		{count(p.Errors), alarm(p.Errors, amber)},
		{text: address(p.IP.IsValid(), p.IP.String())},
		{text: topOf(p.Hosts, p.HostCount)},
		{text: topOf(p.Endpoints, p.EndpointCount)},
		{p.Key, strengthTint(p.Strength)},
		{p.UserAgent, dim},
	}
}

type sessionsShowCmd struct {
	serverFlags
	filterFlags
	partFlag
	outputFlags
	ID string `arg:"" help:"Session id."`
}

// Run sums up one session.
func (c *sessionsShowCmd) Run(a *app) error {
	filters := c.filterFlags.values()
	c.partFlag.add(filters)
	return show(a, &c.serverFlags, c.JSON, document[record.Session]{
		path: "sessions/" + url.PathEscape(c.ID), filters: filters, print: printSession,
		ask: func(server *client.Client) (record.Session, error) { return server.Session(a.ctx, c.ID, filters) },
	})
}

// facetRows is how many values of a facet are printed; --json has more.
const facetRows = 8

func printSession(s *screen, v record.Session) error {
	err := printFields(s, []field{
		{"session", v.ID.String()},
		{"started", v.Started.Std().Format(time.RFC3339)},
		{"lasted", span(v.Ended - v.Started)},
		{"requests", count(v.Requests)},
		{"attacks", count(v.Attacks)},
		{"errors", count(v.Errors)},
		{"bytes", size(v.Bytes)},
		{"grouped by", fmt.Sprintf("%s (%s, %s)", v.Key, v.Rung, v.Strength)},
		{"user", v.User},
		{"ip", address(v.IP.IsValid(), v.IP.String())},
		{"country", v.Country},
		{"user agent", v.UserAgent},
		{"client", v.Client.String()},
		{"days", days(v.Parts)},
	})
	if err != nil {
		return err
	}
	for _, f := range v.Facets {
		if len(f.Values) == 0 {
			continue
		}
		fmt.Fprintf(s, "\n%s\n", s.paint(fmt.Sprintf("%s (%d)", f.Name, f.Distinct), bold))
		rows := f.Values[:min(len(f.Values), facetRows)]
		for _, value := range rows {
			fmt.Fprintf(s, "  %7s  %5.1f%%  %s\n", count(value.Count), 100*value.Share, visible(named(value.Value)))
		}
		if more := f.Distinct - int64(len(rows)); more > 0 {
			fmt.Fprintf(s, "  %s\n", s.paint(fmt.Sprintf("and %d more", more), dim))
		}
	}
	return nil
}

func days(parts []record.PartRef) string {
	var out []string
	for _, p := range parts {
		out = append(out, fmt.Sprintf("%s (%d)", p.Part, p.Requests))
	}
	return strings.Join(out, ", ")
}
