package inspect

import (
	"slices"
	"strconv"

	"sojourn/internal/inspect/point"
	"sojourn/internal/policy"
)

// asked is what a parameter asks for, as warnings compare it.
type asked struct {
	*policy.Parameter
	points   []string // canonical
	response bool     // one of them is of the response
}

// warnings tells which parameters can never win, or win too late.
func warnings(p *policy.Policy) (out []policy.Warning) {
	var before []asked
	for i := range p.Session.Parameters {
		q, at := ask(&p.Session.Parameters[i]), "session.parameters["+strconv.Itoa(i)+"]"
		if j := slices.IndexFunc(before, func(other asked) bool { return other.shadows(&q) }); j >= 0 {
			what := "never groups: "
			if !q.Group {
				what = "never counts: "
			}
			out = append(out, p.Warning(at, what+"session.parameters[%d] (%s) comes before it, for the same applications, and has a value whenever this one has", j, before[j].Name))
		}
		if q.Group && q.response && onlyBlocking(p.Watched(q.Applications)) {
			out = append(out, p.Warning(at, "is found in the response, and each of its applications is in mode block, where the verdict on a request falls before there is a response: it groups the request, and comes too late to block it"))
		}
		before = append(before, q)
	}
	return out
}

func ask(q *policy.Parameter) asked {
	a := asked{Parameter: q}
	for _, text := range q.AllPoints() {
		at, err := point.Parse(text)
		if err != nil {
			panic("bug: policy not compiled: " + err.Error())
		}
		a.points = append(a.points, at.String())
		a.response = a.response || at.Side == point.Response
	}
	return a
}

// shadows reports that a, which comes first, leaves nothing to q: for grouping,
// because it has a value whenever q has; as context, because of parameters with
// one name the first that finds something counts.
func (a *asked) shadows(q *asked) bool {
	if len(a.Applications) > 0 && (len(q.Applications) == 0 || slices.ContainsFunc(q.Applications, func(s string) bool { return !slices.Contains(a.Applications, s) })) {
		return false
	}
	for _, p := range a.points {
		if !slices.Contains(q.points, p) {
			return false
		}
	}
	if q.Group {
		return a.Group
	}
	return a.Name == q.Name && !a.Composite()
}

// onlyBlocking reports that there are applications, and all are in mode block.
func onlyBlocking(apps []policy.Application) bool {
	return len(apps) > 0 && !slices.ContainsFunc(apps, func(a policy.Application) bool { return a.Mode != policy.ModeBlock })
}
