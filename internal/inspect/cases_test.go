package inspect

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
	"sojourn/internal/policy"
	"sojourn/internal/record"
)

var update = flag.Bool("update", false, "write what inspection tells into the cases")

// wholeCase is a case of testdata/cases, whose README.md tells its form.
type wholeCase struct {
	name, policy, exchanges, want string
}

func wholeFiles(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/cases/*.txt")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no cases: %v", err)
	}
	return files
}

// readWhole returns what stands before the first case, and the cases.
func readWhole(tb testing.TB, file string) (head string, all []wholeCase) {
	tb.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	head, rest, _ := strings.Cut("\n"+string(text), "\n=== ")
	for _, c := range strings.Split(rest, "\n=== ") {
		name, body, _ := strings.Cut(c, "\n")
		parts := strings.Split("\n"+body, "\n---\n")
		if len(parts) < 2 {
			tb.Fatalf("%s: case %q has no exchange behind its policy", file, name)
		}
		one := wholeCase{name: name, policy: strings.TrimPrefix(parts[0], "\n"), exchanges: parts[1]}
		if len(parts) > 2 {
			one.want = strings.TrimRight(parts[2], "\n") + "\n"
		}
		all = append(all, one)
	}
	return strings.TrimPrefix(head, "\n"), all
}

func (c *wholeCase) pipeline(tb testing.TB, change func(*policy.Policy)) *Pipeline {
	tb.Helper()
	p, err := policy.Parse(c.name, []byte("version: 1\n"+c.policy))
	if err != nil {
		tb.Fatal(err)
	}
	if change != nil {
		change(p)
	}
	pipeline, err := New(Config{Key: testKey, Policy: p, Node: 7})
	if err != nil {
		tb.Fatal(err)
	}
	return pipeline
}

func (c *wholeCase) parse(tb testing.TB) (all []*exchange.Exchange) {
	tb.Helper()
	for _, text := range strings.Split(c.exchanges, "\n+++\n") {
		all = append(all, parseWhole(tb, c.name, strings.TrimRight(text, "\n")))
	}
	return all
}

func parseWhole(tb testing.TB, name, text string) *exchange.Exchange {
	tb.Helper()
	x := get("", "", "")
	x.Scheme, x.Status, x.ResponseBytes = "https", 200, 0
	for strings.HasPrefix(text, "> ") {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		switch what, value, _ := strings.Cut(line[2:], " "); what {
		case "ip":
			x.Peer = netip.MustParseAddr(value)
		case "ja4":
			if !x.SetJA4(value) {
				tb.Fatalf("%s: %q is no JA4", name, value)
			}
		case "scheme":
			x.Scheme = value
		default:
			tb.Fatalf("%s: %q is not known", name, line)
		}
	}
	request, response, answered := strings.Cut(text, "\n>>>\n")
	line, header, body := parsePart(tb, request)
	fields := strings.Fields(line)
	if len(fields) != 3 {
		tb.Fatalf("%s: no request line: %q", name, line)
	}
	x.Method, x.Proto = fields[0], fields[2]
	x.Path, x.Query, _ = strings.Cut(unescape(tb, fields[1]), "?")
	x.Host = header.Get("Host")
	header.Del("Host")
	x.Header, x.RequestBody.Bytes = header, body
	if answered {
		line, x.ResponseHeader, x.ResponseBody.Bytes = parsePart(tb, response)
		status, err := strconv.Atoi(strings.Fields(line)[1])
		if err != nil {
			tb.Fatal(err)
		}
		x.Status = status
	}
	return x
}

func parsePart(tb testing.TB, text string) (line string, header http.Header, body []byte) {
	tb.Helper()
	head, raw, _ := strings.Cut(text, "\n\n")
	line, fields, _ := strings.Cut(head, "\n")
	header = http.Header{}
	for field := range strings.SplitSeq(fields, "\n") {
		if name, value, ok := strings.Cut(field, ":"); ok {
			header.Add(strings.TrimSpace(name), unescape(tb, strings.TrimSpace(value)))
		}
	}
	body = []byte(unescape(tb, strings.ReplaceAll(raw, "\\\n", "")))
	if header.Get("Content-Encoding") == "gzip" {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		w.Write(body)
		w.Close()
		body = packed.Bytes()
	}
	return line, header, body
}

var (
	repeats = regexp.MustCompile(`(?s)\\\*([0-9]{1,7})\{(.*?)\}\*/`)
	octets  = regexp.MustCompile(`\\x[0-9a-fA-F]{2}`)
)

// unescape replaces \*N{text}*/ by N times the text, and \xHH by a byte.
func unescape(tb testing.TB, text string) string {
	text = repeats.ReplaceAllStringFunc(text, func(s string) string {
		m := repeats.FindStringSubmatch(s)
		n, err := strconv.Atoi(m[1])
		if err != nil {
			tb.Fatal(err)
		}
		return strings.Repeat(m[2], n)
	})
	return octets.ReplaceAllStringFunc(text, func(s string) string {
		v, err := strconv.ParseUint(s[2:], 16, 8)
		if err != nil {
			tb.Fatal(err)
		}
		return string([]byte{byte(v)})
	})
}

// letters names what is the same by the same letter.
type letters map[string]string

func (l letters) of(what string) string {
	if l[what] == "" {
		l[what] = string(rune('A' + len(l)))
	}
	return l[what]
}

// tell inspects the exchanges of a case in their order and says what came out.
func (c *wholeCase) tell(tb testing.TB, p *Pipeline) string {
	tb.Helper()
	var blocks []string
	sessions, digests := letters{}, letters{}
	for _, x := range c.parse(tb) {
		e, keep, err := p.Explain(x)
		switch {
		case err != nil:
			tb.Fatalf("%s: %v", c.name, err)
		case !keep:
			blocks = append(blocks, "not recorded\n")
			continue
		}
		blocks = append(blocks, tellOne(&e, sessions, digests))
	}
	return strings.Join(blocks, "+++\n")
}

func tellOne(e *Explanation, sessions, digests letters) string {
	var b strings.Builder
	r := &e.Request
	say := func(name, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); text != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, text)
		}
	}
	say("session", "%s", sessions.of(r.Session.String()))
	say("key", "%s", r.Key)
	say("point", "%s", r.Point)
	say("rung", "%s", r.Rung)
	say("strength", "%s", r.Strength)
	for _, t := range e.Tried {
		if (t.Rung == record.RungOwn || t.Rung == record.RungMCP) && !t.Found {
			say("tried", "%s at %s: %s", t.Name, t.Point, t.Why)
		}
	}
	if !r.Accepted {
		say("accepted", "no")
	}
	if r.Application != policy.DefaultApplication {
		say("application", "%s", r.Application)
	}
	say("endpoint", "%s %s", r.Method, r.Endpoint)
	say("path", "%s", r.Path)
	say("query", "%s", r.Query)
	say("user", "%s", r.User)
	say("role", "%s", r.Role)
	for _, v := range r.Context {
		if v.Hashed {
			say("context", "%s is digest %s", v.Name, digests.of(v.Value))
		} else {
			say("context", "%s = %.200q", v.Name, v.Value)
		}
	}
	say("graphql", "%s", r.Operation)
	tellMCP(say, r.MCP)
	for _, f := range r.Findings {
		say("finding", "%s: %s", f.Type, f.Detail)
	}
	for _, f := range r.Flags {
		say("flag", "%s", f)
	}
	return b.String()
}

func tellMCP(say func(string, string, ...any), m *record.MCP) {
	if m == nil {
		return
	}
	say("mcp", "%s %s", m.Method, m.Name)
	say("mcp server", "%s", m.Server)
	say("mcp client", "%s", m.Client)
	say("mcp generation", "%s", m.Generation)
	say("mcp trace", "%s", m.Trace)
	if m.Error != 0 {
		say("mcp error", "%d", m.Error)
	}
	for _, more := range m.More {
		say("mcp "+more.From, "%s %s", more.Method, more.Name)
	}
}

// TestCases runs testdata/cases; `go test -update` writes what they tell.
func TestCases(t *testing.T) {
	number := 0
	for _, file := range wholeFiles(t) {
		head, cases := readWhole(t, file)
		number += len(cases)
		var all strings.Builder
		all.WriteString(head)
		for _, c := range cases {
			got := c.tell(t, c.pipeline(t, nil))
			if diff := cmp.Diff(c.want, got); diff != "" && !*update {
				t.Errorf("%s: %s (-want +got):\n%s", filepath.Base(file), c.name, diff)
			}
			rules := strings.TrimRight(c.policy, "\n") + "\n"
			fmt.Fprintf(&all, "\n=== %s\n%s---\n%s\n---\n%s", c.name, strings.TrimPrefix(rules, "\n"), strings.TrimRight(c.exchanges, "\n"), got)
		}
		if *update {
			if err := os.WriteFile(file, []byte(all.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if number < 40 {
		t.Errorf("%d cases are not all there were", number)
	}
}

// requests returns the requests of a case under a policy that is changed.
func (c *wholeCase) requests(tb testing.TB, exchanges []*exchange.Exchange, change func(*policy.Policy)) (all []record.Request) {
	tb.Helper()
	p := c.pipeline(tb, change)
	for _, x := range exchanges {
		x.Policy, x.ID = nil, record.RequestID{} // as if it had not begun
		r, _, err := p.Inspect(x)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// TestCasesKeepTheirSessions: the same exchange has the same session in every
// process; a parameter that is added behind others leaves alone what they have
// grouped, and one that only keeps a value leaves alone every session.
func TestCasesKeepTheirSessions(t *testing.T) {
	added := []policy.Parameter{
		{Name: "added", Group: true, Point: `request.header["User-Agent"]`},
		{Name: "added", Group: true, Point: "request.method"},
		{Name: "pair", Group: true, Points: []string{"request.host", "request.path[0]"}},
	}
	kept := policy.Parameter{Name: "kept", Point: "request.path[0]", Type: policy.TypeRole}
	for _, file := range wholeFiles(t) {
		_, cases := readWhole(t, file)
		for _, c := range cases {
			exchanges := c.parse(t)
			before := c.requests(t, exchanges, nil)
			again := c.requests(t, exchanges, nil)
			behind := c.requests(t, exchanges, func(p *policy.Policy) {
				p.Session.Parameters = append(slices.Clone(p.Session.Parameters), added...)
			})
			front := c.requests(t, exchanges, func(p *policy.Policy) {
				p.Session.Parameters = append([]policy.Parameter{kept}, p.Session.Parameters...)
			})
			for i, r := range before {
				if again[i].Session != r.Session || front[i].Session != r.Session || r.Rung == record.RungOwn && behind[i].Session != r.Session {
					t.Errorf("%s: exchange %d: session %s, again %s, with a key behind %s, with a value before %s", c.name, i, r.Session, again[i].Session, behind[i].Session, front[i].Session)
				}
			}
		}
	}
}
