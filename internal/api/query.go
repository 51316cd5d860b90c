package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

const (
	// defaultValues and maxListedValues bound a list of values.
	defaultValues   = 20
	maxListedValues = 1000
)

// values lists the values of a field for those who choose one.
func (a *API) values(ctx context.Context, in *queryInput) (record.Values, error) {
	q, err := ask(in.raw, valueParams, a.now())
	if err != nil {
		return record.Values{}, err
	}
	ask := store.Query{Filter: q.Filter, By: []string{q.field}, Measures: []string{"requests"}, Contains: q.contains, Limit: q.limit}
	if ask.Limit == 0 {
		ask.Limit = defaultValues
	}
	if q.field == store.ByTime {
		return record.Values{}, invalid("field", q.field, errors.New("time is no field with values to choose from"))
	}
	if err := ask.Check(); err != nil {
		return record.Values{}, invalid("field", q.field, err)
	}
	table, err := a.store.Query(ctx, ask)
	if err != nil {
		return record.Values{}, err
	}
	out := record.Values{Field: q.field, Distinct: table.Groups}
	for _, row := range table.Rows {
		out.Values = append(out.Values, record.Count{Value: row.By[0], Count: int64(row.Values[0])})
	}
	return out, nil
}

type queryBody struct {
	query
	Body record.Query
}

// query counts requests by groups.
func (a *API) query(ctx context.Context, in *queryBody) (record.Table, error) {
	if _, err := ask(in.raw, nil, a.now()); err != nil {
		return record.Table{}, err
	}
	q, err := queryOf(&in.Body, a.now())
	if err != nil {
		return record.Table{}, err
	}
	return a.store.Query(ctx, q)
}

// queryOf reads a query; its errors tell the member that is wrong.
func queryOf(in *record.Query, now time.Time) (q store.Query, err error) {
	fail := func(member string, err error) (store.Query, error) {
		reason := clip(err.Error())
		if member != "" {
			reason = member + ": " + reason
		}
		return store.Query{}, huma.Error422UnprocessableEntity(reason, &huma.ErrorDetail{Message: reason, Location: "body." + member})
	}
	q = store.Query{By: in.By, Step: time.Duration(in.Step) * time.Second, Measures: in.Measures, Contains: in.Contains, Order: in.Order, Limit: in.Limit}
	if len(q.Measures) == 0 {
		q.Measures = []string{"requests"}
	}
	if in.From != "" {
		if q.From, err = parseTime(in.From, now); err != nil {
			return fail("from", err)
		}
	}
	if in.To != "" {
		if q.To, err = parseTime(in.To, now); err != nil {
			return fail("to", err)
		}
	}
	if q.To != 0 && q.From >= q.To {
		return fail("from", fmt.Errorf("%s is not before to, which is %s", q.From, q.To))
	}
	if in.Session != "" {
		if err := one(&q.Session, in.Session, record.ParseSessionID); err != nil {
			return fail("session", err)
		}
	}
	if in.Request != "" {
		if err := one(&q.Request, in.Request, record.ParseRequestID); err != nil {
			return fail("request", err)
		}
	}
	if n := len(in.Where) + len(in.Has); n > maxConditions {
		return fail("where", fmt.Errorf("%d conditions together with has; at most %d", n, maxConditions))
	}
	if q.Where, err = conditions(in.Where); err != nil {
		return fail("where", err)
	}
	if q.Has, err = conditions(in.Has); err != nil {
		return fail("has", err)
	}
	if err := q.Check(); err != nil {
		return fail("", err)
	}
	return q, nil
}

func conditions(in []record.Condition) (out []store.Condition, err error) {
	for _, c := range in {
		if i := slices.IndexFunc(c.Values, func(v string) bool { return len(v) > maxValueBytes || !utf8.ValidString(v) }); i >= 0 {
			return nil, fmt.Errorf("%s: %q is longer than %d bytes, or not UTF-8", clip(c.Field), clip(c.Values[i]), maxValueBytes)
		}
		condition, err := store.NewCondition(c.Field, c.Not, c.Values...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", clip(c.Field), err)
		}
		out = append(out, condition)
	}
	return out, nil
}
