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
	List     sessionsListCmd     `cmd:"" help:"List sessions, a row for each UTC day of one, newest first."`
	Show     sessionsShowCmd     `cmd:"" help:"Sum up one session."`
	Requests sessionsRequestsCmd `cmd:"" help:"List the requests of one session, oldest first."`
}

type sessionsListCmd struct {
	serverFlags
	filterFlags
	pageFlags
	outputFlags
	Session string `help:"Session id." placeholder:"ID"`
}

// Help is shown by --help after the description.
func (sessionsListCmd) Help() string {
	return `Every filter but the times and ids may be given several times; its values are
alternatives. All filters hold on the same request.

Examples:
  sojourn sessions list --from -24h --status 5xx
  sojourn sessions list --ip 192.0.2.0/24 --host '*.example.com' --all --json`
}

// Run lists sessions.
func (c *sessionsListCmd) Run(a *app) error {
	filters := c.filterFlags.values()
	if c.Session != "" {
		filters.Set("session", c.Session)
	}
	return list(a, &c.serverFlags, &c.pageFlags, c.JSON, listing[record.Part]{
		path: "sessions", member: "sessions", filters: filters, columns: sessionColumns, row: sessionRow,
		page: func(server *client.Client, filters url.Values) ([]record.Part, string, error) {
			page, err := server.Sessions(a.ctx, filters)
			return page.Sessions, page.Next, err
		},
	})
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
		{"grouped by", fmt.Sprintf("%s (%s, %s)", v.Key, v.Rung, v.Strength)},
		{"user", v.User},
		{"ip", address(v.IP.IsValid(), v.IP.String())},
		{"country", v.Country},
		{"user agent", v.UserAgent},
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
