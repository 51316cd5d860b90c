package export

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

// words runs a command line in a shell where curl prints its arguments.
func words(t *testing.T, command string) []string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `curl() { printf '%s\0' "$@"; }; `+command).Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestCurl(t *testing.T) {
	always := []string{"--globoff", "--path-as-is"}
	for name, tt := range map[string]struct {
		r     record.Request
		want  []string // beside always
		notes []string
	}{
		"Plain":  {record.Request{Method: "GET", Host: "shop.example.com", Path: "/a", UserAgent: "curl/8"}, []string{"http://shop.example.com/a", "--header", "User-Agent: curl/8"}, []string{"http is a guess"}},
		"TLS":    {record.Request{Method: "POST", Host: "h:8443", Path: "/", JA4: "t13", RequestBytes: 12}, []string{"--request", "POST", "https://h:8443/", "--header", "User-Agent:"}, []string{"body of 12 bytes"}},
		"Head":   {record.Request{Method: "HEAD", Host: "h", Path: "/"}, []string{"--head", "http://h/", "--header", "User-Agent:"}, nil},
		"Masked": {record.Request{Method: "GET", Host: "h", Path: "/", Query: "token=[masked]&a='b'"}, []string{"http://h/?token=[masked]&a='b'", "--header", "User-Agent:"}, []string{"[masked] stands for"}},
		"NoHost": {record.Request{Method: "GET", Path: "*"}, []string{"http://unknown.invalid/*", "--header", "User-Agent:"}, []string{"unknown.invalid"}},
		"Hostile": {
			record.Request{Method: "X';reboot;'", Host: "a@b/c?d#e", Path: "/$(reboot)`id`\n#?é", Query: "\x00 '\"", UserAgent: "x'\r\nEvil: 1"},
			[]string{"--request", "X';reboot;'", "http://a%40b%2Fc%3Fd%23e/$(reboot)`id`%0A%23%3F%C3%A9?%00%20'\"", "--header", "User-Agent: x'Evil: 1"}, []string{"control characters"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Curl(&tt.r)
			if diff := cmp.Diff(slices.Concat(always, tt.want), words(t, got.Command)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", got.Command, diff)
			}
			for _, note := range tt.notes {
				if !strings.Contains(strings.Join(got.Notes, "\n"), note) {
					t.Errorf("notes %q, without %q", got.Notes, note)
				}
			}
		})
	}
}

// FuzzCurl checks that whatever was sent stays an argument of curl, on one line.
func FuzzCurl(f *testing.F) {
	f.Add("GET", "h", "/", "a=b", "curl/8")
	f.Add("'; id;'", "$(id)", "`id`\n", "\x00\\'", "\"\r\n\x1b]0;x\x07")
	f.Fuzz(func(t *testing.T, method, host, path, query, agent string) {
		r := record.Request{Method: method, Host: host, Path: path, Query: query, UserAgent: agent}
		got := Curl(&r).Command
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			t.Errorf("%q", got)
		}
		args := shellWords(t, got)
		if want := 6; len(args) != want && len(args) != want+1 && len(args) != want+2 || args[0] != "curl" {
			t.Errorf("%q is %q", got, args)
		}
		url := args[len(args)-3]
		if !strings.HasPrefix(url, "http://") || strings.ContainsAny(url[len("http://"):], "#\\ ") || strings.Count(url, "?") > 1 && query == "" {
			t.Errorf("url %q", url)
		}
	})
}

// shellWords reads the quoting of IEEE 1003.1 as far as quote writes it.
func shellWords(t *testing.T, line string) (args []string) {
	t.Helper()
	var word strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\'':
			quoted = !quoted
		case quoted:
			word.WriteByte(c)
		case c == '\\':
			i++
			word.WriteByte(line[i])
		case c == ' ':
			args = append(args, word.String())
			word.Reset()
		case strings.IndexByte("$`\"&|;<>()*?[#~=%!{}\n", c) >= 0:
			t.Errorf("%q has %q outside quotes", line, c)
		default:
			word.WriteByte(c)
		}
	}
	if quoted {
		t.Errorf("%q ends within quotes", line)
	}
	return append(args, word.String())
}
