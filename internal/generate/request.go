package generate

import (
	"math/rand/v2"
	"net/http"
	"strconv"

	"sojourn/internal/record"
)

// page is what requests are written down with: room that is used again for the
// next batch, but for the texts, which are one string for each batch.
type page struct {
	text     []byte
	paths    []span // of the text, for each request; empty when it has one already
	queries  []span
	messages []record.MCP
	values   []record.Value
	findings []record.Finding
}

type span struct{ from, to int }

// write makes requests of visits. The first of them has the number first of all.
func (p *page) write(requests []record.Request, visits []visit, s *sites, rng *rand.Rand, node uint32, first uint64) {
	n := len(visits)
	p.text, p.paths, p.queries = p.text[:0], p.paths[:0], p.queries[:0]
	if cap(p.messages) < n {
		p.messages = make([]record.MCP, 0, n)
	}
	p.messages, p.values, p.findings = p.messages[:0], p.values[:0], p.findings[:0]
	for i, v := range visits {
		r := &requests[i]
		by := v.by
		*r = record.Request{
			ID: record.RequestID{At: v.at, Node: node, Seq: uint32(first+uint64(i)) & (1<<record.SeqBits - 1)}, Started: v.at,
			Session: by.id, Client: by.client, IP: by.ip, UserAgent: by.agent, JA4: by.print,
			Country: by.place.country, Network: by.place.network, Anonymity: by.place.anonymity,
			User: by.user, Role: by.role, Context: by.context,
			Key: by.grouping.key, Point: by.grouping.point, Rung: by.grouping.rung, Strength: by.grouping.strength, Tried: by.grouping.tried,
			Revision: 3,
		}
		path, query := p.ask(r, by, s, rng)
		p.paths, p.queries = append(p.paths, path), append(p.queries, query)
	}
	text := string(p.text)
	for i := range requests {
		r := &requests[i]
		if at := p.paths[i]; at.to > at.from {
			r.Path = text[at.from:at.to]
		}
		if at := p.queries[i]; at.to > at.from {
			r.Query = text[at.from:at.to]
		}
	}
}

// Shares of requests.
const (
	shareElsewhere = 0.25 // of a session's requests are to its other host
	shareGraph     = 0.85 // of a GraphQL page's requests
	shareMarked    = 0.03 // have a context parameter of their own
	shareAttack    = 0.4  // of an attacker's
	shareStray     = 0.0004
	shareBlocked   = 0.15 // of attacks
	shareFlagged   = 0.002
)

// ask writes down what is asked, and what is answered.
func (p *page) ask(r *record.Request, by *session, s *sites, rng *rand.Rand) (path, query span) {
	h := by.homes[0]
	var usual = [3]float32{3_000, 2_000, 600}
	switch {
	case by.kind == agent:
		h = s.mcp[rng.IntN(4)/3]
		p.speak(r, by, h, rng)
	case by.kind == graph && rng.Float64() < shareGraph:
		r.Method, r.Path, r.Endpoint = http.MethodPost, "/graphql", "/graphql"
		r.Operation = operations[skewed(rng, len(operations))]
	default:
		if rng.Float64() < shareElsewhere {
			h = by.homes[1]
		}
		e := &h.endpoints[h.drawn[rng.IntN(len(h.drawn))]]
		r.Method, r.Endpoint, usual = e.method, e.template, [3]float32{e.duration, e.size, e.sent}
		path = p.path(r, e, rng)
		if e.paged && rng.IntN(3) > 0 {
			query = p.query(rng)
		}
	}
	r.Host, r.Application = h.name, h.application
	if rng.Float64() < shareMarked {
		from := len(p.values)
		p.values = append(append(p.values, by.context...), record.Value{Name: "order", Value: strconv.Itoa(rng.IntN(maxIntegerID))})
		r.Context = p.values[from:len(p.values):len(p.values)]
	}
	p.answer(r, by, h, usual, s, rng)
	if by.kind == attacker && rng.Float64() < shareAttack || rng.Float64() < shareStray {
		query = p.attack(r, rng)
	}
	return path, query
}

// answer writes down what came back, and how long it took.
func (p *page) answer(r *record.Request, by *session, h *host, usual [3]float32, s *sites, rng *rand.Rand) {
	luck := rng.Uint64()
	factor := func() float32 {
		f := s.spread[luck%spreadCount]
		luck /= spreadCount
		return f
	}
	duration := usual[0] * factor()
	r.Status = status(rng, r.Method, by.kind)
	if h == s.failing(r.Started) && rng.Float64() < incidentShare {
		r.Status = http.StatusServiceUnavailable
		duration *= 30
	}
	if luck>>16%1000 == 0 {
		duration *= 25
	}
	r.Duration = record.Measure(duration)
	r.FirstByte = record.Measure(duration * float32(70+luck%25) / 100)
	r.RequestBytes = record.Measure(usual[2] * factor())
	r.ResponseBytes = record.Measure(usual[1] * factor())
	switch {
	case r.Status == http.StatusNoContent || r.Status == http.StatusNotModified:
		r.ResponseBytes = 0
	case r.Status >= http.StatusBadRequest:
		r.ResponseBytes = 40 + record.Measure(luck%200)
	}
	r.Accepted = r.Status != http.StatusUnauthorized && r.Status != http.StatusForbidden
	if rng.Float64() < shareFlagged {
		r.Flags = someFlags[rng.IntN(len(someFlags))]
	}
}

var (
	someFlags = [][]record.Flag{{record.FlagTruncated}, {record.FlagClientGone}, {record.FlagMalformed}, {record.FlagTruncated, record.FlagMalformed}}
	onlyBlock = []record.Flag{record.FlagBlocked}
)

// status draws the status of an answer, in ten thousand.
func status(rng *rand.Rand, method string, by kind) int {
	n := rng.IntN(10_000)
	if by == crawler || by == attacker {
		n = n*4/5 + 2_000 // more is not there
	}
	switch {
	case n < 9_000 && method == http.MethodPost:
		return http.StatusCreated
	case n < 9_000 && method == http.MethodPut:
		return http.StatusNoContent
	case n < 9_150:
		return http.StatusOK
	case n < 9_450:
		return http.StatusNotModified
	case n < 9_550:
		return http.StatusFound
	case n < 9_800:
		return http.StatusNotFound
	case n < 9_870:
		return http.StatusUnauthorized
	case n < 9_910:
		return http.StatusForbidden
	case n < 9_950:
		return http.StatusBadRequest
	case n < 9_965:
		return http.StatusTooManyRequests
	case n < 9_985:
		return http.StatusInternalServerError
	case n < 9_994:
		return http.StatusBadGateway
	}
	return http.StatusGatewayTimeout
}

// path writes down the path of e; a fixed one needs no text.
func (p *page) path(r *record.Request, e *endpoint, rng *rand.Rand) span {
	if len(e.parts) == 1 {
		r.Path = e.parts[0]
		return span{}
	}
	from := len(p.text)
	for i, part := range e.parts {
		if i > 0 && e.uuid {
			p.text = appendUUID(p.text, rng)
		} else if i > 0 {
			p.text = strconv.AppendInt(p.text, int64(rng.IntN(maxIntegerID)), 10)
		}
		p.text = append(p.text, part...)
	}
	return span{from, len(p.text)}
}

func (p *page) query(rng *rand.Rand) span {
	from := len(p.text)
	p.text = append(p.text, "page="...)
	p.text = strconv.AppendInt(p.text, int64(1+skewed(rng, 60)), 10)
	if rng.IntN(3) == 0 {
		p.text = append(append(p.text, "&sort="...), sortWords[rng.IntN(len(sortWords))]...)
	}
	return span{from, len(p.text)}
}

var sortWords = []string{"price", "-price", "name", "date", "-date", "rating"}

// appendUUID appends a random UUID (RFC 9562, version 4).
func appendUUID(b []byte, rng *rand.Rand) []byte {
	const digits = "0123456789abcdef"
	low, high := rng.Uint64(), rng.Uint64()
	for i := range 32 {
		switch i {
		case 8, 12, 16, 20:
			b = append(b, '-')
		}
		n := low & 15
		if i >= 16 {
			n = high & 15
			high >>= 4
		} else {
			low >>= 4
		}
		switch i {
		case 12:
			n = 4
		case 16:
			n = 8 | n&3
		}
		b = append(b, digits[n])
	}
	return b
}
