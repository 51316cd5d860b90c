package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"

	"sojourn/internal/exchange"
	"sojourn/internal/inspect"
	"sojourn/internal/inspect/identity"
	"sojourn/internal/policy"
	"sojourn/internal/record"
	"sojourn/internal/source/importer"
)

// inspectCmd inspects a HAR file entry by entry. It needs neither server nor data.
type inspectCmd struct {
	Policy  string `help:"Policy file (YAML)." type:"path" placeholder:"FILE"`
	KeyFile string `help:"Install key, such as the file key of a data folder, for session ids as that folder has them. Default: a fixed key that belongs to no installation." type:"existingfile" placeholder:"FILE"`
	File    string `arg:"" help:"HAR file; - is standard input."`
}

// Help is shown by --help after the description.
func (inspectCmd) Help() string {
	return `Prints one JSON line for each entry, in their order: the session, the key that
grouped it, the keys that were tried before it, what is kept as context, what the
GraphQL or MCP message says, each of several MCP messages, and findings. Arguments
of MCP calls are shown as they came, unmasked. An entry that cannot be inspected gives {"error": …}.

Examples:
  sojourn inspect recording.har
  sojourn inspect --policy sojourn.yaml recording.har | jq .key`
}

// inspected is one line of the output.
type inspected struct {
	SessionID   record.SessionID   `json:"session_id"`
	Key         inspectedKey       `json:"key"`
	Tried       []identity.Attempt `json:"tried"`
	User        string             `json:"user"`
	Role        string             `json:"role"`
	Application string             `json:"application"`
	Endpoint    string             `json:"endpoint"`
	Context     []record.Value     `json:"context"`
	GraphQL     *inspectedGraphQL  `json:"graphql,omitempty"`
	MCP         *inspectedMCP      `json:"mcp,omitempty"`
	Messages    []inspectedMessage `json:"messages,omitempty"`
	Findings    []inspectedFinding `json:"findings"`
	Flags       []record.Flag      `json:"flags"`
}

type inspectedKey struct {
	Name     string          `json:"name"`
	Point    string          `json:"point"`
	Rung     record.Rung     `json:"rung"`
	Strength record.Strength `json:"strength"`
	Verified bool            `json:"verified"` // a claim of a token that a key of the policy's jwks signed
}

// inspectedGraphQL is the operation as it is kept, and what it is made of.
type inspectedGraphQL struct {
	Operation  string               `json:"operation"`
	Operations []inspectedOperation `json:"operations"`
}

type inspectedOperation struct {
	Type   string   `json:"type"`
	Name   string   `json:"name"`
	Fields []string `json:"fields"`
}

// inspectedMCP is the first message.
type inspectedMCP struct {
	*record.MCP
	More      []record.MCPMessage `json:"more,omitempty"` // in its place: they are among the messages
	Arguments json.RawMessage     `json:"arguments,omitempty"`
}

// inspectedMessage is one of several messages.
type inspectedMessage struct {
	Method    string          `json:"method"`
	Name      string          `json:"name,omitempty"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Error     int             `json:"error,omitempty"`
	From      string          `json:"from"`
}

type inspectedFinding struct {
	Type   string `json:"type"`
	Attack bool   `json:"attack"`
	Detail string `json:"detail"`
}

// inspectKeyBytes is the fixed key of a run without --key-file: all zero.
var inspectKeyBytes = make([]byte, identity.KeyBytes)

// Run prints the lines. A broken file is an error after the lines before it.
func (c *inspectCmd) Run(a *app) error {
	key, pol := inspectKeyBytes, policy.Default()
	var err error
	if c.KeyFile != "" {
		if key, err = readKey(c.KeyFile); err != nil {
			return err
		}
	}
	if c.Policy != "" {
		var warnings []policy.Warning
		if pol, warnings, err = policy.Load(c.Policy, inspect.Check); err != nil {
			return err
		}
		printWarnings(a, c.Policy, warnings)
	}
	pipeline, err := newPipeline(a.ctx, inspect.Config{Key: key, Policy: pol}, slog.New(slog.NewTextHandler(a.stderr, nil)))
	if err != nil {
		return err
	}
	file := io.NopCloser(a.stdin)
	if c.File != "-" {
		if file, err = os.Open(c.File); err != nil {
			return err
		}
	}
	defer file.Close()
	out := json.NewEncoder(a.stdout)
	err = importer.ReadHAR(file, func(x *exchange.Exchange, reason string) error {
		return out.Encode(inspectOne(pipeline, x, reason))
	})
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return nil
}

// inspectOne returns the line of one entry.
func inspectOne(pipeline *inspect.Pipeline, x *exchange.Exchange, reason string) any {
	type failed struct {
		Error string `json:"error"`
	}
	if x == nil {
		return failed{reason}
	}
	e, keep, err := pipeline.Explain(x)
	switch {
	case err != nil:
		return failed{err.Error()}
	case !keep:
		return struct {
			Excluded bool `json:"excluded"`
		}{true}
	}
	r := &e.Request
	line := inspected{
		SessionID: r.Session, Tried: e.Tried, User: r.User, Role: r.Role, Application: r.Application,
		Key:      inspectedKey{r.Key, r.Point, r.Rung, r.Strength, record.Verified(r.Point, r.Strength)},
		Endpoint: r.Method + " " + r.Endpoint, Context: append([]record.Value{}, r.Context...),
		Findings: []inspectedFinding{}, Flags: append([]record.Flag{}, r.Flags...),
	}
	for _, f := range r.Findings {
		line.Findings = append(line.Findings, inspectedFinding{f.Type, f.Attack, f.Detail})
	}
	if r.MCP != nil {
		line.MCP = &inspectedMCP{MCP: r.MCP}
		line.MCP.Arguments, line.Messages = inspectedMessages(&e)
	}
	if r.Operation != "" {
		line.GraphQL = &inspectedGraphQL{Operation: r.Operation, Operations: []inspectedOperation{}}
		for _, op := range e.Operations {
			line.GraphQL.Operations = append(line.GraphQL.Operations, inspectedOperation{op.Type, op.Name, append([]string{}, op.Fields...)})
		}
	}
	return line
}

// inspectedMessages returns the arguments of the first message, and all messages
// when there are several.
func inspectedMessages(e *inspect.Explanation) (first json.RawMessage, all []inspectedMessage) {
	arguments := make([]json.RawMessage, 1+len(e.Request.MCP.More))
	for i, text := range e.Arguments {
		if i < len(arguments) && json.Valid(text) { // not where a message is cut or malformed
			arguments[i] = text
		}
	}
	m := e.Request.MCP
	if m.Method != "" {
		all = append(all, inspectedMessage{m.Method, m.Name, arguments[0], m.Error, record.FromClient})
	}
	for i, n := range m.More {
		all = append(all, inspectedMessage{n.Method, n.Name, arguments[1+i], n.Error, n.From})
	}
	if len(all) == 1 && m.Method != "" {
		all = nil
	}
	return arguments[0], all
}
