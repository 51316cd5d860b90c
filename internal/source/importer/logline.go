package importer

import (
	"bytes"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

// Why a line is rejected. A line counts when it has an address field, a time and
// a status; everything else is kept as well as it can be read.
const (
	reasonLong    = "the line is longer than 64 KiB"
	reasonCut     = "the file breaks off inside this line"
	reasonClient  = "the client field holds no address and no host name"
	reasonTime    = "no time such as [21/Nov/2026:20:14:16 +0000] with a quoted request line after it"
	reasonRequest = "the request line has no closing quote with a status after it"
	reasonStatus  = "the status is no number of three digits"
	reasonSize    = "the size is neither a number nor \"-\""
)

// logLine is one line of an access log, cut into its fields; they point into the line.
type logLine struct {
	vhost, client  []byte
	started        int64 // seconds since 1970
	request        []byte
	status         int
	size           record.Measure
	referer, agent []byte
	unterminated   bool
	malformed      bool
}

// lineParser parses lines of one format and fills an exchange with each. It
// reuses what it fills: an exchange is valid until the next one. The remote user
// (%u) is not read: it is a name without the header it came in.
type lineParser struct {
	format  Format
	clock   clfClock
	strings interner
	scratch []byte
	x       exchange.Exchange
	agent   [1]string
	referer [1]string
}

func newLineParser(f Format) *lineParser {
	return &lineParser{format: f, strings: newInterner(), x: exchange.Exchange{Header: http.Header{}}}
}

// exchange parses a line; with a reason, the line is rejected.
func (p *lineParser) exchange(line []byte) (x *exchange.Exchange, reason string) {
	var l logLine
	if reason := p.cut(line, &l); reason != "" {
		return nil, reason
	}
	p.fill(&l)
	return &p.x, ""
}

// cut finds the fields of a line.
func (p *lineParser) cut(b []byte, l *logLine) (reason string) {
	if p.format == VHost {
		l.vhost, b, _ = bytes.Cut(b, []byte{' '})
	}
	at, started := findTime(&p.clock, b)
	if at < 0 {
		return reasonTime
	}
	l.started = started
	l.client, _, _ = bytes.Cut(b[:at], []byte{' '})
	if !isHostLike(l.client) {
		return reasonClient
	}
	b = b[at+len("[")+clfTimeLen+len(`] "`):]
	end := requestEnd(b)
	if end < 0 {
		return reasonRequest
	}
	l.request, b = b[:end], bytes.TrimPrefix(b[end+1:], []byte{' '})
	if b, reason = cutStatus(b, l); reason != "" {
		return reason
	}
	if p.format != Common {
		cutQuoted(b, l)
	}
	return ""
}

// findTime finds the bracket of the first time in b that a quoted field follows.
// A user name before it may hold spaces and brackets, but no bare quote.
func findTime(clock *clfClock, b []byte) (at int, seconds int64) {
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], '[')
		if i < 0 {
			return -1, 0
		}
		i += from
		rest := b[i+1:]
		if i > 0 && b[i-1] == ' ' && len(rest) >= clfTimeLen+3 && string(rest[clfTimeLen:clfTimeLen+3]) == `] "` {
			if seconds, ok := clock.parse(rest); ok {
				return i, seconds
			}
		}
		from = i + 1
	}
}

// requestEnd finds the quote that closes the request line: of several, where a
// server does not escape them, the first with a status after it.
func requestEnd(b []byte) int {
	first := -1
	for from := 0; ; {
		i := closingQuote(b[from:])
		if i < 0 {
			return first
		}
		i += from
		if isStatus(b[i+1:]) {
			return i
		}
		if first < 0 {
			first = i
		}
		from = i + 1
	}
}

// isStatus reports whether b, what follows a closing quote, starts with a status.
func isStatus(b []byte) bool {
	status, _, _ := bytes.Cut(bytes.TrimPrefix(b, []byte{' '}), []byte{' '})
	return string(status) == "-" || len(status) == 3 && digits(status) >= 0
}

// cutStatus reads status and size. No response is logged as 000 or "-".
func cutStatus(b []byte, l *logLine) (rest []byte, reason string) {
	status, b, more := bytes.Cut(b, []byte{' '})
	if string(status) != "-" {
		if l.status = digits(status); len(status) != 3 || l.status < 0 {
			return nil, reasonStatus
		}
	}
	if !more {
		l.size, l.malformed = record.Unknown, true
		return nil, ""
	}
	size, b, _ := bytes.Cut(b, []byte{' '})
	const maxDigits = 18 // below the largest Measure
	if string(size) != "-" {
		n := digits(size)
		if n < 0 || len(size) == 0 || len(size) > maxDigits {
			return nil, reasonSize
		}
		l.size = record.Measure(n)
	}
	return b, ""
}

// cutQuoted reads Referer and User-Agent where they are. The last quoted field
// of a line may lack its closing quote; it then ends with the line.
func cutQuoted(b []byte, l *logLine) {
	for _, field := range []*[]byte{&l.referer, &l.agent} {
		if len(b) == 0 || b[0] != '"' {
			return
		}
		b = b[1:]
		end := closingQuote(b)
		if end < 0 {
			*field, l.unterminated = b, true
			return
		}
		*field = b[:end]
		b = bytes.TrimPrefix(b[end+1:], []byte{' '})
	}
}

// fill makes the exchange of a line.
func (p *lineParser) fill(l *logLine) {
	header := p.x.Header
	clear(header)
	p.x = exchange.Exchange{
		Started:       time.Unix(l.started, 0).UTC(),
		Client:        parseAddress(p.strings.text(l.client)),
		Header:        header,
		Status:        l.status,
		FirstByte:     record.Unknown,
		Duration:      record.Unknown,
		RequestBytes:  record.Unknown,
		ResponseBytes: l.size,
	}
	p.setHeader("Referer", l.referer, &p.referer)
	p.setHeader("User-Agent", l.agent, &p.agent)
	p.setHost(l.vhost)
	if !p.setRequest(l.request) || l.malformed {
		p.x.Flag(record.FlagMalformed)
	}
	if l.unterminated {
		p.x.Flag(record.FlagUnterminated)
	}
}

func (p *lineParser) setHeader(name string, raw []byte, value *[1]string) {
	if len(raw) == 0 || string(raw) == "-" {
		return
	}
	value[0] = p.strings.text(unescape(raw, &p.scratch))
	p.x.Header[name] = value[:]
}

// setHost reads "%v:%p" or "%v". The well-known ports tell the scheme.
func (p *lineParser) setHost(vhost []byte) {
	if len(vhost) == 0 || string(vhost) == "-" {
		return
	}
	host := p.strings.text(vhost)
	if bare, ok := strings.CutSuffix(host, ":443"); ok {
		host, p.x.Scheme = bare, "https"
	} else if bare, ok := strings.CutSuffix(host, ":80"); ok {
		host, p.x.Scheme = bare, "http"
	}
	p.x.Host = host
}

// parseAddress reads an IP address, also in brackets or with a port. It returns
// the zero Addr for a host name: a server that logs names keeps no address, and
// such requests have an unknown client.
func parseAddress(s string) netip.Addr {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Unmap().WithZone("")
	}
	if port, err := netip.ParseAddrPort(s); err == nil {
		return port.Addr().Unmap()
	}
	if n := len(s); n > 2 && s[0] == '[' && s[n-1] == ']' {
		addr, _ := netip.ParseAddr(s[1 : n-1])
		return addr.Unmap()
	}
	return netip.Addr{}
}

// isHostLike reports whether b could be an address, a host name or "-".
func isHostLike(b []byte) bool {
	for _, c := range b {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9':
		case c == '.', c == '-', c == '_', c == ':', c == '[', c == ']', c == '%':
		default:
			return false
		}
	}
	return len(b) > 0
}
