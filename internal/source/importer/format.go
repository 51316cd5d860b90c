package importer

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Format is how a file is written.
type Format int

const (
	// Auto finds the format by a file's first lines.
	Auto Format = iota
	// Combined is Apache's and nginx's combined log: the common one, Referer and User-Agent.
	Combined
	// Common is the Common Log Format: address, time, request line, status, size.
	Common
	// VHost is combined or common with the virtual host first: "%v:%p %h …" or "%v %h …".
	VHost
	// HAR is the HTTP Archive 1.2 of browsers and proxies.
	HAR
)

var formatNames = []string{"auto", "combined", "common", "vhost", "har"}

func (f Format) String() string { return formatNames[f] }

// Formats names all formats, for messages.
func Formats() string { return strings.Join(formatNames[1:], ", ") }

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) {
	for i, n := range formatNames {
		if n == name {
			return Format(i), nil
		}
	}
	return Auto, fmt.Errorf("%q is not a format: want auto, %s", name, Formats())
}

// Unseen says for people which rungs a format cannot feed; empty for none.
func (f Format) Unseen() string {
	switch f {
	case Combined, VHost:
		return "an access log has no cookies, no Authorization and no bodies: only session ids in the path or query, and the client's address and User-Agent, can group"
	case Common:
		return "a common log has no cookies, no Authorization, no bodies and no User-Agent: only session ids in the path or query, and the client's address, can group"
	}
	return ""
}

const (
	// detectBytes is how much of a file is looked at to find its format.
	detectBytes = 64 << 10
	// detectLines is how many lines of it have a vote.
	detectLines = 100
)

// detect finds the format of a file by its start. A file that looks like none is
// taken as Combined, so that its lines are rejected with their reasons.
func detect(head []byte) Format {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if text := bytes.TrimLeft(head, " \t\r\n"); len(text) > 0 && text[0] == '{' {
		return HAR
	}
	votes := map[Format]int{}
	clock := &clfClock{}
	lines := bytes.SplitN(head, []byte{'\n'}, detectLines+1)
	for _, line := range lines[:min(len(lines), detectLines)] {
		if f := detectLine(clock, bytes.TrimSuffix(line, []byte{'\r'})); f != Auto {
			votes[f]++
		}
	}
	best := Combined
	for _, f := range []Format{Common, VHost} {
		if votes[f] > votes[best] {
			best = f
		}
	}
	return best
}

// detectLine finds the format of one line; Auto when it is no log line. Before
// the time a plain log has three fields and nearly always "-" as the second; a
// log with virtual hosts has four and an address as the second.
func detectLine(clock *clfClock, line []byte) Format {
	at, _ := findTime(clock, line)
	if at < 0 {
		return Auto
	}
	fields := bytes.Fields(line[:at])
	switch {
	case len(fields) >= 4 && string(fields[1]) != "-" && (isAddress(fields[1]) || string(fields[2]) == "-"):
		return VHost
	case len(fields) < 3:
		return Auto
	case bytes.Count(line[at:], []byte{'"'}) > 2:
		return Combined
	}
	return Common
}

func isAddress(b []byte) bool { return parseAddress(string(b)).IsValid() }

// peek reads the start of r, and returns it and a reader of the whole.
func peek(r io.Reader, n int) (head []byte, whole io.Reader, err error) {
	head = make([]byte, n)
	got, err := io.ReadFull(r, head)
	head = head[:got]
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return head, io.MultiReader(bytes.NewReader(head), r), err
}

// MarshalText prints the format's name.
func (f Format) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what MarshalText prints.
func (f *Format) UnmarshalText(b []byte) (err error) {
	*f, err = ParseFormat(string(b))
	return err
}
