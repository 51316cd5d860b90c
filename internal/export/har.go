package export

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"

	"sojourn/internal/record"
)

// harWriter writes HTTP Archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/).
// What HAR has no place for stands in fields that begin with an underscore.
type harWriter struct {
	w     io.Writer
	begun bool
	text  []byte // reused
}

const (
	harHead = `{"log":{"version":"1.2","creator":{"name":"Sojourn","version":"1"},` +
		`"comment":"Headers other than Host and User-Agent, cookies and bodies were not stored. The scheme is a guess where no TLS fingerprint is known.","entries":[`
	harTail = "\n]}}\n"
)

// Write implements Writer.
func (h *harWriter) Write(rows []record.Request) error {
	h.text = h.text[:0]
	for i := range rows {
		lead := ",\n"
		if !h.begun {
			h.begun, lead = true, harHead+"\n"
		}
		entry, err := json.Marshal(entryOf(&rows[i]), jsonOptions)
		if err != nil {
			return err
		}
		h.text = append(append(h.text, lead...), entry...)
	}
	_, err := h.w.Write(h.text)
	return err
}

// Close implements Writer: without it the document does not end.
func (h *harWriter) Close() error {
	end := harTail
	if !h.begun {
		end = harHead + harTail
	}
	_, err := io.WriteString(h.w, end)
	return err
}

type harEntry struct {
	Started  record.Time `json:"startedDateTime"`
	Time     float64     `json:"time"` // milliseconds
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
	Cache    struct{}    `json:"cache"`
	Timings  harTimings  `json:"timings"`
	Comment  string      `json:"comment,omitempty"`

	ID          record.RequestID `json:"_request"`
	Session     record.SessionID `json:"_session"`
	Client      record.SessionID `json:"_client"`
	ClientIP    string           `json:"_clientIPAddress,omitempty"`
	Country     string           `json:"_country,omitempty"`
	Network     string           `json:"_network,omitempty"`
	Anonymity   string           `json:"_anonymity,omitempty"`
	JA4         string           `json:"_ja4,omitempty"`
	Application string           `json:"_application"`
	Endpoint    string           `json:"_endpoint"`
	User        string           `json:"_user,omitempty"`
	Role        string           `json:"_role,omitempty"`
	Key         string           `json:"_key"`
	Point       string           `json:"_point"`
	Rung        record.Rung      `json:"_rung"`
	Strength    record.Strength  `json:"_strength"`
	Operation   string           `json:"_graphql_operation,omitempty"`
	MCP         *record.MCP      `json:"_mcp,omitempty"`
	Context     []record.Value   `json:"_context,omitempty"`
	Flags       []record.Flag    `json:"_flags,omitempty"`
}

type harRequest struct {
	Method      string     `json:"method"`
	URL         string     `json:"url"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []harField `json:"cookies"`
	Headers     []harField `json:"headers"`
	QueryString []harField `json:"queryString"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int64      `json:"bodySize"` // -1 for unknown
}

type harResponse struct {
	Status      int        `json:"status"` // 0 for none
	StatusText  string     `json:"statusText"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []harField `json:"cookies"`
	Headers     []harField `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int64      `json:"bodySize"`
}

type harContent struct {
	Size     int64  `json:"size"`
	MimeType string `json:"mimeType"`
}

type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

type harField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// unknownVersion stands for a protocol version, which is not stored.
const unknownVersion = "unknown"

func entryOf(r *record.Request) *harEntry {
	e := &harEntry{
		Started: r.Started,
		Request: harRequest{
			Method: r.Method, URL: address(r), HTTPVersion: unknownVersion, Cookies: []harField{}, Headers: []harField{},
			QueryString: queryFields(r.Query), HeadersSize: -1, BodySize: sizeOf(r.RequestBytes),
		},
		Response: harResponse{
			Status: r.Status, StatusText: http.StatusText(r.Status), HTTPVersion: unknownVersion, Cookies: []harField{}, Headers: []harField{},
			Content: harContent{Size: sizeOf(r.ResponseBytes)}, HeadersSize: -1, BodySize: sizeOf(r.ResponseBytes),
		},
		ID: r.ID, Session: r.Session, Client: r.Client, ClientIP: addressText(r.IP), Country: r.Country, Network: r.Network,
		Anonymity: r.Anonymity, JA4: r.JA4, Application: r.Application, Endpoint: r.Endpoint, User: r.User, Role: r.Role,
		Key: r.Key, Point: r.Point, Rung: r.Rung, Strength: r.Strength, Operation: r.Operation, MCP: r.MCP, Context: r.Context, Flags: r.Flags,
	}
	for _, f := range []harField{{"Host", r.Host}, {"User-Agent", r.UserAgent}} {
		if f.Value != "" {
			e.Request.Headers = append(e.Request.Headers, f)
		}
	}
	e.setTimes(r)
	return e
}

// setTimes splits the duration at the first byte. HAR has no unknown times but in
// the comment.
func (e *harEntry) setTimes(r *record.Request) {
	if r.Duration.IsZero() {
		e.Comment = "the duration is not known"
		return
	}
	e.Time, e.Timings.Wait = millis(r.Duration), millis(r.Duration)
	if !r.FirstByte.IsZero() && r.FirstByte <= r.Duration {
		e.Timings.Wait, e.Timings.Receive = millis(r.FirstByte), millis(r.Duration-r.FirstByte)
	}
}

func millis(us record.Measure) float64 { return float64(us) / 1000 }

func sizeOf(m record.Measure) int64 { return max(int64(m), -1) }

// queryFields decodes a query as well as it can be: what cannot stays as it is.
func queryFields(query string) []harField {
	fields := []harField{}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		fields = append(fields, harField{unescaped(name), unescaped(value)})
	}
	return fields
}

func unescaped(s string) string {
	if text, err := url.QueryUnescape(s); err == nil {
		return text
	}
	return s
}
