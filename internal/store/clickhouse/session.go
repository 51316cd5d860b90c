package clickhouse

import (
	"context"
	"fmt"
	"strconv"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Session implements store.Store.
func (s *Store) Session(ctx context.Context, id record.SessionID, f store.Filter) (record.Session, error) {
	if err := s.enter(ctx); err != nil {
		return record.Session{}, err
	}
	defer s.leave()
	out := record.Session{ID: id, Parts: []record.PartRef{}}
	this := "session = " + sessionID(id)
	err := s.query(ctx, fmt.Sprintf("SELECT day, toInt64(count()) FROM %s WHERE %s AND %s GROUP BY day ORDER BY day DESC", s.table("requests"), isRequest, this),
		func(r driver.Rows) error {
			var day int32
			var ref record.PartRef
			err := r.Scan(&day, &ref.Requests)
			ref.Part = record.Day(day)
			out.Parts = append(out.Parts, ref)
			return err
		})
	if err != nil {
		return record.Session{}, err
	}
	if len(out.Parts) == 0 {
		return record.Session{}, store.ErrNotFound
	}
	ours := compiler{s, &store.Filter{Session: &id, From: f.From, To: f.To}}
	where := allOf(this, compiler{s, &f}.requests())
	sums, err := s.summarize(ctx, ours, sessionDimensions, where, "1", false, record.FacetValues)
	if err != nil {
		return record.Session{}, err
	}
	sum := sums[summaryOf{session: id}]
	if sum == nil {
		sum = &summary{}
	}
	sum.tell(&out)
	return out, nil
}

// tell fills in what a summary knows about a session.
func (sum *summary) tell(out *record.Session) {
	p := sum.part(summaryOf{session: out.ID})
	out.Started, out.Ended, out.Requests = p.Started, p.Ended, p.Requests
	out.Attacks, out.Errors, out.Bytes = p.Attacks, p.Errors, p.Bytes
	out.Key, out.Rung, out.Strength = p.Key, p.Rung, p.Strength
	out.IP, out.Country, out.UserAgent = p.IP, p.Country, p.UserAgent
	out.User, out.Users, out.Roles = p.User, p.Users, p.Roles
	if client, err := record.ParseSessionID(sum.top("client").value); err == nil {
		out.Client = client
	}
	for _, name := range record.FacetNames {
		if facet := sum.facet(name); facet.Told() {
			out.Facets = append(out.Facets, facet)
		}
	}
}

func (sum *summary) facet(name string) record.Facet {
	facet := record.Facet{Name: name, Distinct: sum.distinct[name], Values: []record.FacetValue{}}
	for _, t := range sum.tops[name] {
		facet.Values = append(facet.Values, record.FacetValue{
			Value: facetText(name, t.value), Count: t.requests, Share: float64(t.requests) / float64(sum.requests),
		})
	}
	return facet
}

// facetText returns the text of a dimension's value, which may be in a form that
// sorts.
func facetText(name, value string) string {
	switch name {
	case "status":
		n, _ := strconv.ParseInt(value, 10, 64)
		return strconv.FormatInt(n-1<<31, 10)
	case "ip":
		return addressText(value)
	}
	return value
}

// addressText returns the text of an address of which value is the hex.
func addressText(value string) string {
	if a := parseIPHex(value); a.IsValid() {
		return a.String()
	}
	return ""
}
