package policy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// maxNamed is how many applications one warning names.
const maxNamed = 3

// manyBytes is longer than a host, and in none.
var manyBytes = strings.Repeat("\x00", 300)

// excludes finds those that leave a whole application out.
func (w *warner) excludes() {
	apps := w.p.everyApplication()
	for i := range w.p.Capture.Exclude {
		e := &w.p.Capture.Exclude[i]
		if !w.everyMethod(e) {
			continue
		}
		var hidden []string
		recorded := 0
		for j := range apps {
			if w.comparisons <= 0 {
				return
			}
			if !apps[j].recorded() {
				continue
			}
			recorded++
			if w.hides(e, &apps[j]) {
				hidden = append(hidden, apps[j].Name)
			}
		}
		at := "capture.exclude[" + strconv.Itoa(i) + "]"
		switch n := len(hidden); {
		case n == 0:
		case n == recorded:
			w.warn(at, "leaves out every request: nothing is recorded")
		case n > maxNamed:
			w.warn(at, "leaves out every request of %s and %d more applications: mode: off says so plainly", strings.Join(hidden[:maxNamed], ", "), n-maxNamed)
		default:
			w.warn(at, "leaves out every request of %s: mode: off says so plainly", strings.Join(hidden, ", "))
		}
	}
}

func (w *warner) everyMethod(e *Exclude) bool {
	return len(e.Methods) == 0 || slices.ContainsFunc(e.Methods, func(m string) bool { return strings.Trim(m, "*") == "" })
}

// hides reports that e holds for all hosts and paths of a.
func (w *warner) hides(e *Exclude, a *Application) bool {
	for _, host := range orElse(a.Hosts, "*") {
		if len(e.Hosts) > 0 && !slices.ContainsFunc(e.Hosts, func(g string) bool { return w.covers(strings.ToLower(g), normalHost(host)) }) {
			return false
		}
	}
	for _, prefix := range orElse(a.Paths, "/") {
		// A glob with a final * that matches the prefix matches all that begins with it.
		if len(e.Paths) > 0 && !slices.ContainsFunc(e.Paths, func(g string) bool { return strings.HasSuffix(g, "*") && w.glob(g, prefix) }) {
			return false
		}
	}
	return true
}

// covers reports that whatever other matches, pattern matches too. The wildcards
// of other are tried as nothing and as more than a pattern has room for.
func (w *warner) covers(pattern, other string) bool {
	other = strings.ReplaceAll(other, "?", "\x00")
	return w.glob(pattern, strings.ReplaceAll(other, "*", "")) && w.glob(pattern, strings.ReplaceAll(other, "*", manyBytes))
}

// mcp finds the servers of which no request is looked at.
func (w *warner) mcp() {
	if len(w.p.MCP) == 0 || len(w.p.Applications) == 0 {
		return
	}
	matcher := NewMatcher(w.p.Applications)
	for i := range w.p.MCP {
		s := &w.p.MCP[i]
		if !w.watched(matcher, s) && w.comparisons > 0 {
			w.warn("mcp["+strconv.Itoa(i)+"]", "never counts: the applications of %s are off, so its requests are not looked at", s.Host+s.Path)
		}
	}
}

// watched reports that some request to s belongs to an application that is not
// off. It tries hosts and paths of s, and those of the applications that lie in it.
func (w *warner) watched(matcher *Matcher, s *MCPServer) bool {
	paths := w.pathsIn(cmp.Or(s.Path, "/"))
	for _, host := range w.hostsIn(normalHost(cmp.Or(s.Host, "*"))) {
		for _, path := range paths {
			if w.comparisons--; w.comparisons < 0 {
				return true // it is not known
			}
			if a := matcher.Match(host, path); a == nil || a.recorded() {
				return true
			}
		}
	}
	return false
}

// hostsIn returns hosts that glob matches, one at least for each application that
// has such hosts.
func (w *warner) hostsIn(glob string) []string {
	filled := func(g string) string { return strings.NewReplacer("*", "x", "?", "x").Replace(g) }
	out := []string{filled(glob)}
	if !hasWildcard(glob) {
		return out
	}
	head, tail := ends(glob)
	for i := range w.p.Applications {
		for _, host := range w.p.Applications[i].Hosts {
			if w.comparisons <= 0 {
				return out
			}
			host = normalHost(host)
			first, last := ends(host)
			for _, try := range []string{filled(host), first + "x" + tail, head + "x" + last} {
				if w.glob(glob, try) && w.glob(host, try) {
					out = append(out, try)
				}
			}
		}
	}
	return out
}

// ends returns what stands before the first and behind the last wildcard.
func ends(glob string) (head, tail string) {
	if !hasWildcard(glob) {
		return glob, ""
	}
	return glob[:strings.IndexAny(glob, "*?")], glob[strings.LastIndexAny(glob, "*?")+1:]
}

// pathsIn returns paths under prefix, those of applications among them.
func (w *warner) pathsIn(prefix string) []string {
	out := []string{prefix, strings.TrimSuffix(prefix, "/") + "/x"}
	for i := range w.p.Applications {
		for _, path := range w.p.Applications[i].Paths {
			if w.comparisons--; w.comparisons >= 0 && under(normalPath(path), strings.TrimSuffix(normalPath(prefix), "/")) {
				out = append(out, path)
			}
		}
	}
	return out
}
