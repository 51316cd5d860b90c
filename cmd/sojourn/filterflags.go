package main

import (
	"net/url"
	"strconv"
)

// filterFlags are the filters of the API, under the same names.
type filterFlags struct {
	From        string   `help:"Requests that started at or after it: RFC 3339, now, or back from now as -15m, -24h, -7d." placeholder:"TIME"`
	To          string   `help:"Requests that started before it." placeholder:"TIME"`
	Application []string `help:"Name of the application." sep:"none" placeholder:"NAME"`
	Host        []string `help:"Host, or a glob with * and ?." sep:"none" placeholder:"HOST"`
	Endpoint    []string `help:"\"METHOD endpoint\", or a part of the endpoint or path, or a glob." sep:"none" placeholder:"TEXT"`
	IP          []string `help:"Client address or CIDR block." name:"ip" sep:"none" placeholder:"ADDRESS"`
	Method      []string `help:"Request method." sep:"none" placeholder:"METHOD"`
	Status      []string `help:"Response status, such as 404, 4xx or 400-499." sep:"none" placeholder:"STATUS"`
	UserAgent   []string `help:"User-Agent, the whole of it." sep:"none" placeholder:"TEXT"`
	Key         []string `help:"Name of the grouping key." sep:"none" placeholder:"NAME"`
	User        []string `help:"The user." sep:"none" placeholder:"NAME"`
	Role        []string `help:"The user's role." sep:"none" placeholder:"NAME"`
	Country     []string `help:"Country of the client address, such as DE." sep:"none" placeholder:"CODE"`
	Network     []string `help:"Network of the client address, such as AWS." sep:"none" placeholder:"NAME"`
	Context     []string `help:"Context parameter and its value, as tenant=7." sep:"none" placeholder:"NAME=VALUE"`
	Operation   []string `help:"GraphQL operation." name:"graphql-operation" sep:"none" placeholder:"TEXT"`
	MCPServer   []string `help:"MCP server, host and path." name:"mcp-server" sep:"none" placeholder:"SERVER"`
	MCPMethod   []string `help:"MCP method, such as tools/call." name:"mcp-method" sep:"none" placeholder:"METHOD"`
	MCPName     []string `help:"MCP tool, prompt or resource." name:"mcp-name" sep:"none" placeholder:"NAME"`
	Request     string   `help:"Request id." placeholder:"ID"`
}

func (f *filterFlags) values() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{"from": f.From, "to": f.To, "request": f.Request} {
		if text != "" {
			v.Set(name, text)
		}
	}
	for name, texts := range map[string][]string{
		"application": f.Application, "host": f.Host, "endpoint": f.Endpoint, "ip": f.IP,
		"method": f.Method, "status": f.Status, "user_agent": f.UserAgent, "key": f.Key,
		"user": f.User, "role": f.Role, "country": f.Country, "network": f.Network, "context": f.Context,
		"graphql_operation": f.Operation, "mcp_server": f.MCPServer, "mcp_method": f.MCPMethod, "mcp_name": f.MCPName,
	} {
		if len(texts) > 0 {
			v[name] = texts
		}
	}
	return v
}

// partFlag keeps a session to one of its days.
type partFlag struct {
	Part string `help:"Only this UTC day of it, such as 2026-11-21." placeholder:"DAY"`
}

func (f *partFlag) add(v url.Values) {
	if f.Part != "" {
		v.Set("part", f.Part)
	}
}

// pageFlags walk through a list.
type pageFlags struct {
	Limit  *int   `help:"How many to list at the most, up to 1000 a page. 50 by default." placeholder:"N"`
	Cursor string `help:"Where the page before ended, as it said." placeholder:"CURSOR"`
	All    bool   `help:"List all pages."`
}

// pageAll is the size of the pages that --all asks for.
const pageAll = 1000

func (f *pageFlags) add(v url.Values) {
	if f.Cursor != "" {
		v.Set("cursor", f.Cursor)
	}
	switch {
	case f.Limit != nil: // whatever it is: the API says what it may be
		v.Set("limit", strconv.Itoa(*f.Limit))
	case f.All:
		v.Set("limit", strconv.Itoa(pageAll))
	}
}
