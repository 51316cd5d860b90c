package main

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"sojourn/internal/client"
	"sojourn/internal/record"
)

type sessionsRequestsCmd struct {
	serverFlags
	filterFlags
	partFlag
	orderFlag
	pageFlags
	outputFlags
	ID string `arg:"" help:"Session id."`
}

// Run lists the requests of a session.
func (c *sessionsRequestsCmd) Run(a *app) error {
	filters := c.filterFlags.values()
	c.orderFlag.add(filters)
	c.partFlag.add(filters)
	return list(a, &c.serverFlags, &c.pageFlags, c.JSON, listing[record.Request]{
		path: "sessions/" + url.PathEscape(c.ID) + "/requests", member: "requests", filters: filters,
		columns: requestColumns, row: requestRow,
		page: func(server *client.Client, filters url.Values) ([]record.Request, string, error) {
			page, err := server.Requests(a.ctx, c.ID, filters)
			return page.Requests, page.Next, err
		},
	})
}

var requestColumns = []column{
	{title: "STARTED (UTC)"}, {title: "METHOD", least: 6}, {title: "PATH", least: 20}, {title: "STATUS", right: true},
	{title: "MS", right: true}, {title: "BYTES", right: true}, {title: "IP", least: 15}, {title: "HOST", least: 10}, {title: "REQUEST"},
}

func requestRow(r record.Request) []cell {
	path := r.Path
	if r.Query != "" {
		path += "?" + r.Query
	}
	return []cell{
		{text: r.Started.Std().Format("2006-01-02 15:04:05.000")},
		{text: r.Method},
		{text: path},
		{strconv.Itoa(r.Status), statusTint(r.Status)},
		{text: millis(r.Duration)},
		{text: measure(r.ResponseBytes)},
		{text: address(r.IP.IsValid(), r.IP.String())},
		{text: named(r.Host)},
		{r.ID.String(), dim},
	}
}

// requestsCmd shows requests on the terminal.
type requestsCmd struct {
	Show requestsShowCmd `cmd:"" help:"Show one request, and why it is in its session."`
}

type requestsShowCmd struct {
	serverFlags
	outputFlags
	ID string `arg:"" help:"Request id."`
}

// Run shows one request.
func (c *requestsShowCmd) Run(a *app) error {
	return show(a, &c.serverFlags, c.JSON, document[record.RequestDetail]{
		path: "requests/" + url.PathEscape(c.ID), print: printRequest,
		ask: func(server *client.Client) (record.RequestDetail, error) { return server.Request(a.ctx, c.ID) },
	})
}

func printRequest(s *screen, r record.RequestDetail) error {
	var mcp record.MCP
	if r.MCP != nil {
		mcp = *r.MCP
	}
	err := printFields(s, []field{
		{"request", r.ID.String()},
		{"session", r.Session.String()},
		{"client", r.Client.String()},
		{"started", r.Started.String()},
		{"application", r.Application},
		{"host", named(r.Host)},
		{"method", r.Method},
		{"path", r.Path},
		{"query", r.Query},
		{"endpoint", r.Method + " " + r.Endpoint},
		{"status", strconv.Itoa(r.Status)},
		{"duration", withUnit(millis(r.Duration), "ms")},
		{"first byte", withUnit(millis(r.FirstByte), "ms")},
		{"sent", withUnit(measure(r.RequestBytes), "bytes")},
		{"received", withUnit(measure(r.ResponseBytes), "bytes")},
		{"ip", address(r.IP.IsValid(), r.IP.String())},
		{"country", r.Country},
		{"network", r.Network},
		{"anonymity", r.Anonymity},
		{"user agent", r.UserAgent},
		{"ja4", r.JA4},
		{"user", r.User},
		{"role", r.Role},
		{"context", contextOf(r.Context)},
		{"graphql", r.Operation},
		{"mcp server", mcp.Server},
		{"mcp method", strings.TrimSpace(mcp.Method + " " + mcp.Name)},
		{"mcp client", mcp.Client},
		{"mcp version", mcp.Generation},
		{"mcp trace", mcp.Trace},
		{"mcp error", nonZero(mcp.Error)},
		{"mcp more", messagesOf(mcp.More)},
		{"flags", flagsOf(r.Flags)},
		{"grouped by", fmt.Sprintf("%s at %s", r.Key, r.Point)},
		{"rung", fmt.Sprintf("%s, %s, accepted: %t, tried before it: %d", r.Rung, r.Strength, r.Accepted, r.Tried)},
		{"policy", fmt.Sprintf("revision %d", r.Revision)},
	})
	for _, f := range r.Findings {
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s, "%s  %s\n", s.paint(visible(f.Type), red), visible(f.Detail))
	}
	return err
}

// messagesOf names the further MCP messages of a request.
func messagesOf(more []record.MCPMessage) string {
	var out []string
	for _, m := range more {
		text := strings.TrimSpace(m.Method + " " + m.Name)
		if m.From == record.FromServer {
			text += " (server)"
		}
		if m.Error != 0 {
			text += fmt.Sprintf(" (error %d)", m.Error)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func flagsOf(flags []record.Flag) string {
	var out []string
	for _, f := range flags {
		out = append(out, string(f))
	}
	return strings.Join(out, ", ")
}

func contextOf(values []record.Value) string {
	var out []string
	for _, v := range values {
		text := v.Name + "=" + v.Value
		if v.Hashed {
			text += " (hashed)"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func nonZero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
