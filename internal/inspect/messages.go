package inspect

import (
	"sojourn/internal/inspect/point"
	"sojourn/internal/record"
)

// messages are the MCP messages of an exchange that are kept, as places in
// point.MCP.Messages: the first of the client, then the further ones in order. An
// answer is none; its error belongs to the message that it answers.
type messages struct {
	places [record.MaxMCPMessages]int
	n      int  // of places; the first is always there
	more   bool // there was no room for all
}

// nobody is the place of a first message where the client sent none, as when a
// server's stream is asked for.
const nobody = -1

func messagesOf(m *point.MCP) (out messages) {
	out.places[0], out.n = nobody, 1
	for i := range m.Messages {
		message := &m.Messages[i]
		switch {
		case message.Method == "" || message.Kind != point.MCPRequest && message.Kind != point.MCPNotification:
		case message.Side == point.Request && out.places[0] == nobody:
			out.places[0] = i
		case out.n == len(out.places):
			out.more = true
		default:
			out.places[out.n] = i
			out.n++
		}
	}
	return out
}

// failed returns which of the kept messages the error at a place belongs to, or
// nobody. Servers answer what they could not read without an id: an only answer of
// that kind is about the first message, and so is one to a message whose id was
// not read.
func (k *messages) failed(m *point.MCP, at int) int {
	e := &m.Messages[at]
	if e.Answers > 0 {
		for i, place := range k.places[:k.n] {
			if place == e.Answers-1 {
				return i
			}
		}
		return nobody
	}
	if first := k.places[0]; first == nobody || onlyAnswer(m) && (e.ID == "" || m.Messages[first].ID == "") {
		return 0
	}
	return nobody
}

func onlyAnswer(m *point.MCP) bool {
	n := 0
	for i := range m.Messages {
		if kind := m.Messages[i].Kind; kind == point.MCPResponse || kind == point.MCPError {
			if n++; n > 1 {
				return false
			}
		}
	}
	return n == 1
}

// keepMessages takes what is kept of the messages; text cuts and cleans a text for
// keeping.
func (f *found) keepMessages(m *point.MCP, c *parameters, text func(string) string) {
	kept := messagesOf(m)
	f.limited = f.limited || kept.more
	if first := kept.places[0]; first != nobody {
		f.mcp.Method, f.mcp.Name = text(m.Messages[first].Method), text(maskName(m.Messages[first].Name, c))
	}
	if kept.n > 1 {
		f.mcp.More = make([]record.MCPMessage, 0, kept.n-1)
	}
	for _, place := range kept.places[1:kept.n] {
		message := &m.Messages[place]
		from := record.FromClient
		if message.Side == point.Response {
			from = record.FromServer
		}
		f.mcp.More = append(f.mcp.More, record.MCPMessage{
			Method: text(message.Method), Name: text(maskName(message.Name, c)), Trace: message.TraceID, From: from,
		})
	}
	for i := range m.Messages {
		if m.Messages[i].Kind != point.MCPError {
			continue
		}
		to := &f.mcp.Error
		switch at := kept.failed(m, i); {
		case at == nobody:
			continue
		case at > 0:
			to = &f.mcp.More[at-1].Error
		}
		if *to == 0 {
			*to = m.Messages[i].Code
		}
	}
}
