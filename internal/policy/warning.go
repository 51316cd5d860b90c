package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sojourn/internal/record"
)

// Warning tells of a part of a valid policy that can never match, or that
// matches more than it seems to.
type Warning = record.PolicyWarning

const (
	// MaxWarnings is how many warnings of one policy are told.
	MaxWarnings = 20
	// maxComparisons bounds the globs that are compared for them.
	maxComparisons = 1 << 16
)

// Warning returns one about a field such as session.parameters[0].point, with the
// line it was read from. It is for rooms that compile their part.
func (p *Policy) Warning(field, format string, args ...any) Warning {
	d := decoder{lines: p.from.lines}
	return Warning{Line: d.line(field), Field: field, Reason: fmt.Sprintf(format, args...)}
}

// Warnings tells what can be known without understanding points. It is for
// validated policies.
func (p *Policy) Warnings() []Warning {
	w := warner{p: p, comparisons: maxComparisons}
	w.applications()
	w.excludes()
	w.parameters()
	w.masks()
	w.mcp()
	return w.found
}

// SortWarnings puts warnings in the order of the document, and leaves out what is
// too many.
func SortWarnings(warnings []Warning) []Warning {
	slices.SortStableFunc(warnings, func(a, b Warning) int { return cmp.Compare(a.Line, b.Line) })
	return warnings[:min(len(warnings), MaxWarnings)]
}

// warner looks through a policy.
type warner struct {
	p           *Policy
	comparisons int // left; when none are, no more is found
	found       []Warning
}

func (w *warner) warn(field, format string, args ...any) {
	w.found = append(w.found, w.p.Warning(field, format, args...))
}

// glob is Glob while the budget lasts, and false then.
func (w *warner) glob(pattern, s string) bool {
	w.comparisons--
	return w.comparisons >= 0 && Glob(pattern, s)
}

// applications finds those that others cover. The longest path wins and then the
// more exact host, so only one with the same host and path takes everything.
func (w *warner) applications() {
	type place struct{ host, path string }
	first := map[place]int{}
	for i := range w.p.Applications {
		a, by, free := &w.p.Applications[i], -1, false
		for _, host := range orElse(a.Hosts, "*") {
			for _, path := range orElse(a.Paths, "/") {
				at := place{normalGlob(host), normalPath(path)}
				if j, taken := first[at]; taken && j != i {
					by = j
					continue
				}
				first[at] = i
				free = true
			}
		}
		if !free {
			w.warn("applications["+strconv.Itoa(i)+"]", "no request reaches %s: applications[%d] (%s) comes before it and has the same hosts and paths",
				a.Name, by, w.p.Applications[by].Name)
		}
	}
	if len(w.p.Applications) > 0 && !slices.ContainsFunc(w.p.everyApplication(), Application.recorded) {
		w.warn("applications", "every application is off: nothing is recorded")
	}
}

// normalGlob is the host by which two routes are the same.
func normalGlob(host string) string {
	host = normalHost(host)
	for strings.Contains(host, "**") {
		host = strings.ReplaceAll(host, "**", "*")
	}
	return host
}

func (a Application) recorded() bool { return a.Mode != ModeOff }

// everyApplication returns the applications, with the one that takes the rest
// when something is left for it.
func (p *Policy) everyApplication() []Application {
	for i := range p.Applications {
		if p.Applications[i].matchesAll() {
			return p.Applications
		}
	}
	return append(slices.Clip(p.Applications), Application{Name: DefaultApplication, Mode: ModeMonitor})
}

// Watched returns the applications of a parameter, those that are off left out;
// all when names is empty.
func (p *Policy) Watched(names []string) []Application {
	var out []Application
	for _, a := range p.everyApplication() {
		if a.recorded() && (len(names) == 0 || slices.Contains(names, a.Name)) {
			out = append(out, a)
		}
	}
	return out
}

func (w *warner) parameters() {
	for i := range w.p.Session.Parameters {
		q := &w.p.Session.Parameters[i]
		if len(q.Applications) == 0 || len(w.p.Watched(q.Applications)) > 0 {
			continue
		}
		reason := "never counts: %s is off, so its requests are not looked at"
		if len(q.Applications) > 1 {
			reason = "never counts: %s are off, so their requests are not looked at"
		}
		if !slices.ContainsFunc(w.p.everyApplication(), func(a Application) bool { return slices.Contains(q.Applications, a.Name) }) {
			reason = "never counts: the applications of the policy take every request, and leave none to %s"
		}
		w.warn("session.parameters["+strconv.Itoa(i)+"].applications", reason, strings.Join(q.Applications, ", "))
	}
}

func (w *warner) masks() {
	for i := range w.p.Masks {
		m, at := &w.p.Masks[i], "masks["+strconv.Itoa(i)+"].name"
		switch pattern := m.Pattern(); {
		case pattern == nil:
		case !canMatch(m.Name):
			w.warn(at, "%q matches no name: what it asks for contradicts itself", m.Name)
		case matchesEverything(pattern):
			w.warn(at, "%q matches every name: each named value is masked", m.Name)
		}
	}
}
