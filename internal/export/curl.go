package export

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"sojourn/internal/record"
)

// mask stands for a value that was not kept; inspection writes it.
const mask = "[masked]"

// Curl returns the command line of a POSIX shell that sends r again, as far as r
// is stored. Notes tell what it lacks or had to guess.
func Curl(r *record.Request) record.Curl {
	args := []string{"curl", "--globoff", "--path-as-is"}
	switch method := printable(r.Method); method {
	case "", "GET":
	case "HEAD":
		args = append(args, "--head")
	default:
		args = append(args, "--request", method)
	}
	url := address(r)
	args = append(args, url)
	agent := "User-Agent:" // without a value, curl leaves it out
	if r.UserAgent != "" {
		agent += " " + printable(r.UserAgent)
	}
	args = append(args, "--header", agent)
	for i := range args {
		args[i] = quote(args[i])
	}
	return record.Curl{Command: strings.Join(args, " "), Notes: notes(r, url)}
}

func notes(r *record.Request, url string) []string {
	out := []string{"headers other than Host and User-Agent are not stored, nor are cookies"}
	if r.JA4 == "" {
		out = append(out, "http is a guess: the scheme is not stored")
	}
	if r.Host == "" {
		out = append(out, fmt.Sprintf("the host is not known: %s stands in for it", unknownHost))
	}
	if r.RequestBytes > 0 {
		out = append(out, fmt.Sprintf("the request's body of %d bytes is not stored", r.RequestBytes))
	}
	if strings.Contains(url, mask) || strings.Contains(r.UserAgent, mask) {
		out = append(out, mask+" stands for a value that is not kept")
	}
	if printable(r.UserAgent) != r.UserAgent || printable(r.Method) != r.Method {
		out = append(out, "control characters are left out")
	}
	return out
}

// printable leaves out what would end a header, or cannot be an argument.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

// quote makes one word of s for a POSIX shell (IEEE 1003.1, Shell Command
// Language §2.2.2): within single quotes every character stands for itself.
func quote(s string) string {
	plain := func(c rune) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-_./:", c)
	}
	if s != "" && !strings.ContainsFunc(s, func(c rune) bool { return !plain(c) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
