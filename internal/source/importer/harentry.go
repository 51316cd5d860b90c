package importer

import (
	"math"
	"net/http"
	"net/textproto"
	"strings"
	"time"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

const (
	// maxHARHeaders bounds the headers, cookies and form parameters that are read
	// of one message, in bytes of names and values; the rest is dropped and the
	// request flagged.
	maxHARHeaders = 64 << 10
	// maxHARFields bounds the number of each of them.
	maxHARFields = 1000
)

// harEntry is one member of log.entries as far as it is of use here.
type harEntry struct {
	object   bool
	started  string
	time     float64 // milliseconds
	hasTime  bool
	client   string // _clientIPAddress
	ja4      string // _ja4, as Sojourn itself writes it
	timings  map[string]float64
	request  harMessage
	response harMessage
}

// harMessage is a request or a response.
type harMessage struct {
	object      bool
	method, url string
	proto       string
	status      float64
	hasStatus   bool
	headers     harFields
	cookies     harFields
	body        harBody
	bodySize    float64
	hasBodySize bool
}

// harFields are names and values in their order.
type harFields struct {
	list []harField
	size int
	cut  bool
}

type harField struct{ name, value, file, kind string }

// decode reads an entry whatever it holds; only an error of the stream is one.
func (e *harEntry) decode(d harDecoder) (err error) {
	e.timings = map[string]float64{}
	e.object, err = d.object(func(name string) (err error) {
		switch name {
		case "startedDateTime":
			return d.text(&e.started)
		case "time":
			e.hasTime, err = d.number(&e.time)
			return err
		case "_clientIPAddress":
			return d.text(&e.client)
		case "_ja4":
			return d.text(&e.ja4)
		case "request":
			return e.request.decode(d)
		case "response":
			return e.response.decode(d)
		case "timings":
			return e.decodeTimings(d)
		}
		return d.SkipValue()
	})
	return err
}

func (e *harEntry) decodeTimings(d harDecoder) error {
	_, err := d.object(func(name string) error {
		switch name {
		case "blocked", "dns", "connect", "send", "wait", "receive":
			var ms float64
			ok, err := d.number(&ms)
			if ok && ms >= 0 {
				e.timings[name] = ms
			}
			return err
		}
		return d.SkipValue() // ssl is part of connect
	})
	return err
}

func (m *harMessage) decode(d harDecoder) (err error) {
	m.object, err = d.object(func(name string) (err error) {
		switch name {
		case "method":
			return d.text(&m.method)
		case "url":
			return d.text(&m.url)
		case "httpVersion":
			return d.text(&m.proto)
		case "status":
			m.hasStatus, err = d.number(&m.status)
			return err
		case "headers":
			return m.headers.decode(d)
		case "cookies":
			return m.cookies.decode(d)
		case "postData", "content":
			return m.body.decode(d)
		case "bodySize":
			m.hasBodySize, err = d.number(&m.bodySize)
			return err
		}
		return d.SkipValue()
	})
	return err
}

// size is how many bytes of headers and cookies a message holds.
func (m *harMessage) size() int { return m.headers.size + m.cookies.size }

// decode reads an array of {name, value}.
func (f *harFields) decode(d harDecoder) error {
	return d.array(func() error {
		var field harField
		ok, err := d.object(func(name string) error {
			switch name {
			case "name":
				return d.text(&field.name)
			case "value":
				return d.text(&field.value)
			case "fileName":
				return d.text(&field.file)
			case "contentType":
				return d.text(&field.kind)
			}
			return d.SkipValue()
		})
		if ok && field.name != "" {
			f.add(field)
		}
		return err
	})
}

func (f *harFields) add(field harField) {
	size := len(field.name) + len(field.value) + len(field.file) + len(field.kind)
	if f.size+size > maxHARHeaders || len(f.list) == maxHARFields {
		f.cut = true
		return
	}
	f.size += size
	f.list = append(f.list, field)
}

// exchange makes the exchange of an entry; with a reason, the entry is rejected.
func (e *harEntry) exchange() (x *exchange.Exchange, reason string) {
	defer rejectPanic(&x, &reason)
	if !e.object || !e.request.object {
		return nil, "the entry is no object with a request"
	}
	started, ok := parseHARTime(e.started)
	if !ok {
		return nil, "startedDateTime is no time such as 2026-11-21T20:14:16.000Z"
	}
	scheme, rest, ok := harScheme(e.request.url)
	if !ok {
		return nil, "the request's url does not begin with http:// or https://"
	}
	x = &exchange.Exchange{
		Started: started,
		Client:  parseAddress(e.client),
		Scheme:  scheme,
		Proto:   harProto(e.request.proto),
		Method:  e.request.method,
	}
	x.SetJA4(e.ja4)
	if !isToken([]byte(x.Method)) {
		x.Flag(record.FlagMalformed)
	}
	rest, _, _ = strings.Cut(rest, "#")
	x.Host, rest = splitAuthority(rest)
	x.Path, x.Query, _ = strings.Cut(rest, "?")
	x.Header = e.request.header("Cookie", x)
	if host := x.Header.Get("Host"); host != "" {
		x.Host = host
		delete(x.Header, "Host") // as net/http does for a live request
	}
	x.RequestBody, x.RequestBytes = e.request.captured(x.Header, x)
	e.setResponse(x)
	e.setDurations(x)
	return x, ""
}

// harScheme cuts the scheme off a URL. A WebSocket begins as an http request.
func harScheme(url string) (scheme, rest string, ok bool) {
	if rest, ok := strings.CutPrefix(url, "ws://"); ok {
		return "http", rest, true
	}
	if rest, ok := strings.CutPrefix(url, "wss://"); ok {
		return "https", rest, true
	}
	return cutScheme(url)
}

func (e *harEntry) setResponse(x *exchange.Exchange) {
	m := &e.response
	x.ResponseBytes = record.Unknown
	switch {
	case !m.object || !m.hasStatus || m.status < 0 || m.status > 999 || m.status != math.Trunc(m.status):
		x.Flag(record.FlagMalformed)
		return
	case m.status == 0: // blocked or broken off before a response came
		return
	}
	x.Status = int(m.status)
	x.ResponseHeader = m.header("Set-Cookie", x)
	x.ResponseBody, x.ResponseBytes = m.captured(x.ResponseHeader, x)
}

// setDurations reads time and timings; -1 means that a phase does not apply.
func (e *harEntry) setDurations(x *exchange.Exchange) {
	x.Duration, x.FirstByte = record.Unknown, record.Unknown
	sum := 0.0
	for _, ms := range e.timings {
		sum += ms
	}
	if _, ok := e.timings["wait"]; ok {
		x.FirstByte = micros(sum - e.timings["receive"])
		x.Duration = micros(sum)
	}
	if e.hasTime && e.time >= 0 {
		x.Duration = micros(e.time)
	}
}

func micros(ms float64) record.Measure {
	const most = float64(1 << 53)
	return record.Measure(math.Round(min(ms*1000, most)))
}

// header makes the header of a message. Pseudo-headers of HTTP/2 are the request
// line over again. The cookies count where no header holds them, since an
// exporter may leave either out.
func (m *harMessage) header(cookies string, x *exchange.Exchange) http.Header {
	h := http.Header{}
	for _, f := range m.headers.list {
		if !strings.HasPrefix(f.name, ":") {
			name := textproto.CanonicalMIMEHeaderKey(f.name)
			h[name] = append(h[name], f.value)
		}
	}
	if _, ok := h[cookies]; !ok && len(m.cookies.list) > 0 {
		var pairs []string
		for _, c := range m.cookies.list {
			pairs = append(pairs, c.name+"="+c.value)
		}
		if cookies == "Cookie" {
			pairs = []string{strings.Join(pairs, "; ")}
		}
		h[cookies] = pairs
	}
	if m.headers.cut || m.cookies.cut {
		x.Flag(record.FlagValueCut)
	}
	return h
}

// harProto writes the version of HTTP as live requests do.
func harProto(s string) string {
	switch upper := strings.ToUpper(s); upper {
	case "H2", "HTTP/2":
		return "HTTP/2.0"
	case "H3", "HTTP/3":
		return "HTTP/3.0"
	case "UNKNOWN":
		return ""
	default:
		return upper[:min(len(upper), len("HTTP/1.1"))]
	}
}

// parseHARTime reads ISO 8601 as exporters write it; without a zone it is UTC.
func parseHARTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), t.Unix() >= 0
		}
	}
	return time.Time{}, false
}
