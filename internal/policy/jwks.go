package policy

import (
	"net/url"
	"strconv"
	"strings"
)

// MaxSources is how many key sets a policy names at most.
const MaxSources = 16

// Sources are files or https:// URLs of JSON Web Key Sets (RFC 7517 §5). A token
// that one of their keys signed has verified claims. In the document, a single
// one needs no list.
type Sources []string

// IsURL reports that a source is fetched, and not read from a file.
func IsURL(source string) bool { return strings.Contains(source, "://") }

func (s Sources) validate(d *decoder) {
	if len(s) > MaxSources {
		d.problem("jwks", "%d key sets are too many: at most %d", len(s), MaxSources)
		return
	}
	for i, source := range s {
		if problem := sourceProblem(source); problem != "" {
			d.problem("jwks["+strconv.Itoa(i)+"]", "%q %s", source, problem)
		}
	}
}

func sourceProblem(source string) string {
	switch {
	case strings.TrimSpace(source) == "":
		return "is not the name of a file, nor a URL"
	case strings.ContainsRune(source, 0):
		return "holds a NUL byte"
	case !IsURL(source):
		return ""
	}
	u, err := url.Parse(source)
	switch {
	case err != nil || hasControl(source):
		return "is not a URL: write one such as https://id.example.com/keys"
	case u.Scheme != "https":
		return "can be forged on its way: use https://, or a file"
	case u.Hostname() == "":
		return "has no host: write one such as https://id.example.com/keys"
	case u.User != nil:
		return "holds a user or password, which would be shown with the policy: leave them out"
	case strings.Contains(source, "#"):
		return "holds a fragment: leave it out"
	case strings.HasSuffix(u.Host, ":") || !portInRange(u.Port()):
		return "has no usable port: use 1 to 65535"
	}
	return ""
}
