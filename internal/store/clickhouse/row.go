package clickhouse

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"sojourn/internal/record"
)

// Kinds of rows in the table of requests.
const (
	kindRequest  = 0
	kindPosition = 1
)

// row is a row of the table of requests; the tags name its columns.
type row struct {
	Kind             uint8      `ch:"kind"`
	Day              int32      `ch:"day"`
	Started          int64      `ch:"started"`
	Node             uint32     `ch:"node"`
	Seq              uint32     `ch:"seq"`
	Session          string     `ch:"session"`
	Client           string     `ch:"client"`
	Duration         int64      `ch:"duration"`
	FirstByte        int64      `ch:"ttfb"`
	Application      string     `ch:"application"`
	Host             string     `ch:"host"`
	Method           string     `ch:"method"`
	Path             string     `ch:"path"`
	Query            string     `ch:"query"`
	Endpoint         string     `ch:"endpoint"`
	Lowered          []string   `ch:"lowered"`
	Status           int32      `ch:"status"`
	RequestBytes     int64      `ch:"request_bytes"`
	ResponseBytes    int64      `ch:"response_bytes"`
	IP               netip.Addr `ch:"ip"`
	IPKnown          bool       `ch:"ip_known"`
	UserAgent        string     `ch:"user_agent"`
	Country          string     `ch:"country"`
	Network          string     `ch:"network"`
	Anonymity        string     `ch:"anonymity"`
	JA4              string     `ch:"ja4"`
	User             string     `ch:"user"`
	Role             string     `ch:"role"`
	Key              string     `ch:"key"`
	Point            string     `ch:"point"`
	Rung             string     `ch:"rung"`
	Strength         string     `ch:"strength"`
	Accepted         bool       `ch:"accepted"`
	Tried            int32      `ch:"tried"`
	GraphQLOperation string     `ch:"graphql_operation"`
	MCP              bool       `ch:"mcp"`
	MCPServer        string     `ch:"mcp_server"`
	MCPMethod        string     `ch:"mcp_method"`
	MCPName          string     `ch:"mcp_name"`
	MCPClient        string     `ch:"mcp_client"`
	MCPGeneration    string     `ch:"mcp_generation"`
	MCPTrace         string     `ch:"mcp_trace"`
	MCPError         int64      `ch:"mcp_error"`
	MCPMethods       []string   `ch:"mcp_methods"`
	MCPNames         []string   `ch:"mcp_names"`
	MCPMore          string     `ch:"mcp_more"`
	ContextNames     []string   `ch:"context_names"`
	ContextValues    []string   `ch:"context_values"`
	ContextHashed    []bool     `ch:"context_hashed"`
	Flags            []string   `ch:"flags"`
	Revision         uint64     `ch:"revision"`
	Log              string     `ch:"log"`
	Position         uint64     `ch:"position"`
}

// unknownIP is what the column holds beside ip_known = false.
var unknownIP = netip.IPv6Unspecified()

var noSession = string(make([]byte, len(record.SessionID{})))

// fill makes w the row of r, which is as store.Kept returns it.
func (w *row) fill(r *record.Request) {
	*w = row{
		Day: int32(r.Started.Day()), Started: int64(r.Started), Node: r.ID.Node, Seq: r.ID.Seq,
		Session: string(r.Session[:]), Client: string(r.Client[:]),
		Duration: int64(r.Duration), FirstByte: int64(r.FirstByte), RequestBytes: int64(r.RequestBytes), ResponseBytes: int64(r.ResponseBytes),
		Application: r.Application, Host: r.Host, Method: r.Method, Path: r.Path, Query: r.Query, Endpoint: r.Endpoint,
		Lowered: lowered(r), Status: int32(r.Status), IP: unknownIP, IPKnown: r.IP.IsValid(), UserAgent: r.UserAgent,
		Country: r.Country, Network: r.Network, Anonymity: r.Anonymity, JA4: r.JA4, User: r.User, Role: r.Role,
		Key: r.Key, Point: r.Point, Rung: string(r.Rung), Strength: string(r.Strength), Accepted: r.Accepted, Tried: int32(r.Tried),
		GraphQLOperation: r.Operation, Flags: make([]string, len(r.Flags)), Revision: r.Revision,
	}
	if w.IPKnown {
		w.IP = r.IP
	}
	if m := r.MCP; m != nil {
		w.MCP, w.MCPServer, w.MCPMethod, w.MCPName = true, m.Server, m.Method, m.Name
		w.MCPClient, w.MCPGeneration, w.MCPTrace, w.MCPError = m.Client, m.Generation, m.Trace, int64(m.Error)
	}
	w.MCPMethods, w.MCPNames, w.MCPMore = told(r.MCP.Methods()), told(r.MCP.Names()), moreText(r.MCP)
	for i, f := range r.Flags {
		w.Flags[i] = string(f)
	}
	w.ContextNames, w.ContextValues, w.ContextHashed = []string{}, []string{}, []bool{}
	for _, v := range r.Context {
		w.ContextNames = append(w.ContextNames, v.Name)
		w.ContextValues = append(w.ContextValues, v.Value)
		w.ContextHashed = append(w.ContextHashed, v.Hashed)
	}
}

// position makes w the row that tells what a day absorbed of a log.
func (w *row) position(day record.Day, log string, seq uint64) {
	*w = row{
		Kind: kindPosition, Day: int32(day), Started: int64(day.Start()), Session: noSession, Client: noSession, IP: unknownIP,
		Lowered: []string{}, MCPMethods: []string{}, MCPNames: []string{}, ContextNames: []string{}, ContextValues: []string{}, ContextHashed: []bool{}, Flags: []string{},
		Log: log, Position: seq,
	}
}

// told returns texts without the only one that stands for none.
func told(texts []string) []string {
	if len(texts) == 1 && texts[0] == "" {
		return []string{}
	}
	return texts
}

// moreText returns the further messages of a request.
func moreText(m *record.MCP) string {
	if m == nil || len(m.More) == 0 {
		return ""
	}
	b, err := json.Marshal(m.More)
	if err != nil {
		panic("bug: messages are texts and numbers: " + err.Error())
	}
	return string(b)
}

// lowered returns what the column of that name holds.
func lowered(r *record.Request) []string {
	if isASCII(r.Method) && isASCII(r.Endpoint) && isASCII(r.Path) {
		return []string{}
	}
	return []string{strings.ToLower(r.Method), strings.ToLower(r.Endpoint), strings.ToLower(r.Path)}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// request returns the request that w is the row of.
func (w *row) request() (record.Request, error) {
	r := record.Request{
		ID: record.RequestID{At: record.Time(w.Started), Node: w.Node, Seq: w.Seq}, Started: record.Time(w.Started),
		Duration: record.Measure(w.Duration), FirstByte: record.Measure(w.FirstByte),
		RequestBytes: record.Measure(w.RequestBytes), ResponseBytes: record.Measure(w.ResponseBytes),
		Application: w.Application, Host: w.Host, Method: w.Method, Path: w.Path, Query: w.Query, Endpoint: w.Endpoint,
		Status: int(w.Status), UserAgent: w.UserAgent,
		Country: w.Country, Network: w.Network, Anonymity: w.Anonymity, JA4: w.JA4, User: w.User, Role: w.Role,
		Key: w.Key, Point: w.Point, Rung: record.Rung(w.Rung), Strength: record.Strength(w.Strength), Accepted: w.Accepted, Tried: int(w.Tried),
		Operation: w.GraphQLOperation, Revision: w.Revision,
	}
	copy(r.Session[:], w.Session)
	copy(r.Client[:], w.Client)
	if w.IPKnown {
		r.IP = w.IP.Unmap()
	}
	if w.MCP {
		r.MCP = &record.MCP{
			Server: w.MCPServer, Method: w.MCPMethod, Name: w.MCPName, Client: w.MCPClient,
			Generation: w.MCPGeneration, Trace: w.MCPTrace, Error: int(w.MCPError),
		}
		if w.MCPMore != "" {
			if err := json.Unmarshal([]byte(w.MCPMore), &r.MCP.More); err != nil {
				return r, fmt.Errorf("request %s: mcp_more: %w", r.ID, err)
			}
		}
	}
	for i, name := range w.ContextNames {
		r.Context = append(r.Context, record.Value{Name: name, Value: w.ContextValues[i], Hashed: w.ContextHashed[i]})
	}
	for _, f := range w.Flags {
		r.Flags = append(r.Flags, record.Flag(f))
	}
	return r, nil
}
