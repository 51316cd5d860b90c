package policy

import "strconv"

// MaxMCPServers is how many MCP servers a policy has at most.
const MaxMCPServers = 100

// MCPServer says where an MCP server is and where its requests tell their
// session, user and role. The points are optional.
type MCPServer struct {
	Host    string `yaml:"host" json:"host,omitempty"` // glob, without port; empty: any
	Path    string `yaml:"path" json:"path,omitempty"` // prefix; empty: "/"
	Session string `yaml:"session" json:"session,omitempty"`
	User    string `yaml:"user" json:"user,omitempty"`
	Role    string `yaml:"role" json:"role,omitempty"`
}

// MCPMatcher finds the MCP server of a request, by the rules of Matcher.
type MCPMatcher struct{ places *Matcher }

// NewMCPMatcher compiles servers.
func NewMCPMatcher(servers []MCPServer) *MCPMatcher {
	apps := make([]Application, len(servers)) // each named by its place
	for i, s := range servers {
		apps[i].Name = strconv.Itoa(i)
		if s.Host != "" {
			apps[i].Hosts = []string{s.Host}
		}
		if s.Path != "" {
			apps[i].Paths = []string{s.Path}
		}
	}
	return &MCPMatcher{NewMatcher(apps)}
}

// Match returns the place of the request's server in the list, or -1.
func (m *MCPMatcher) Match(host, path string) int {
	a := m.places.Match(host, path)
	if a == nil {
		return -1
	}
	i, err := strconv.Atoi(a.Name)
	if err != nil {
		panic("bug: an MCP server is not named by its place")
	}
	return i
}

func validateMCP(d *decoder, servers []MCPServer) {
	if n := len(servers); n > MaxMCPServers {
		d.problem("mcp", "%d servers are too many: at most %d; a host may hold wildcards", n, MaxMCPServers)
		return
	}
	type place struct{ host, path string }
	seen := map[place]int{}
	for i, s := range servers {
		at := "mcp[" + strconv.Itoa(i) + "]"
		if s.Host == "" && s.Path == "" {
			d.problem(at, "has neither host nor path: say where the server is")
			continue
		}
		if problem := hostProblem(s.Host); s.Host != "" && problem != "" {
			d.problem(at+".host", "%q %s", s.Host, problem)
		}
		if problem := pathPrefixProblem(s.Path); s.Path != "" && problem != "" {
			d.problem(at+".path", "%q %s", s.Path, problem)
		}
		where := place{normalHost(s.Host), normalPath(s.Path)}
		if other, twice := seen[where]; twice {
			d.problem(at, "mcp[%d] is the same host and path", other)
		}
		seen[where] = i
	}
}
