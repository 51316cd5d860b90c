package record

import "slices"

// MCP is what is kept of what a request says in the Model Context Protocol
// (https://modelcontextprotocol.io/specification): its first message, and the
// further ones of a batch and of the response's stream.
type MCP struct {
	Server     string       `json:"server" doc:"Host and path of the server" example:"crm.example.com/mcp"`
	Method     string       `json:"method" example:"tools/call"`
	Name       string       `json:"name,omitempty" doc:"Name of the tool or prompt, or URI of the resource" example:"get_opportunity"`
	Client     string       `json:"client,omitempty" doc:"Name and version of the client, as it says" example:"claude-code 2.1"`
	Generation string       `json:"generation" doc:"Newest protocol revision that the message shows" example:"2025-11-25"`
	Trace      string       `json:"trace,omitempty" doc:"Trace id (W3C Trace Context)"`
	Error      int          `json:"error,omitzero" doc:"JSON-RPC error code of the answer; 0 for none"`
	More       []MCPMessage `json:"more,omitempty" doc:"Further messages of a batch, and messages that the server sent in its response stream, in order"`
}

// MCPMessage is a further message. An answer is not a message of its own: its
// error belongs to the message that it answers.
type MCPMessage struct {
	Method string `json:"method" example:"tools/call"`
	Name   string `json:"name,omitempty" doc:"Name of the tool or prompt, or URI of the resource" example:"get_opportunity"`
	Trace  string `json:"trace,omitempty" doc:"Trace id (W3C Trace Context)"`
	Error  int    `json:"error,omitzero" doc:"JSON-RPC error code of the answer; 0 for none"`
	From   string `json:"from" enum:"client,server" doc:"Who sent it"`
}

// Who sent a message.
const (
	FromClient = "client"
	FromServer = "server"
)

// MaxMCPMessages is how many messages of one request are kept, the first one
// among them.
const MaxMCPMessages = 32

// Tells reports whether m has anything to tell.
func (m *MCP) Tells() bool {
	return m != nil && (m.Error != 0 || len(m.More) > 0 ||
		m.Server != "" || m.Method != "" || m.Name != "" || m.Client != "" || m.Generation != "" || m.Trace != "")
}

// Methods returns the methods of all messages, each once; only "" when none has
// one. A filter or a facet of methods is about these.
func (m *MCP) Methods() []string {
	return m.each(func(n *MCPMessage) string { return n.Method })
}

// Names returns the names of all messages as Methods does the methods.
func (m *MCP) Names() []string {
	return m.each(func(n *MCPMessage) string { return n.Name })
}

func (m *MCP) each(text func(*MCPMessage) string) []string {
	if m == nil {
		return []string{""}
	}
	texts := []string{text(&MCPMessage{Method: m.Method, Name: m.Name})}
	for i := range m.More {
		switch s := text(&m.More[i]); {
		case texts[0] == "":
			texts[0] = s
		case s != "" && !slices.Contains(texts, s):
			texts = append(texts, s)
		}
	}
	return texts
}
