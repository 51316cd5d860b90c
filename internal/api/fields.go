package api

import (
	"context"

	"sojourn/internal/export"
	"sojourn/internal/record"
	"sojourn/internal/store"
)

// schema tells what can be asked.
func (a *API) schema(_ context.Context, in *queryInput) (record.Schema, error) {
	if _, err := ask(in.raw, nil, a.now()); err != nil {
		return record.Schema{}, err
	}
	s := record.Schema{Limits: record.SchemaLimits{
		Page: store.MaxLimit, ConditionValues: store.MaxConditionValues, Conditions: maxConditions,
		By: store.MaxBy, Groups: store.MaxGroups, Exports: maxExports,
	}}
	for i := range store.Fields {
		f := &store.Fields[i]
		s.Fields = append(s.Fields, record.SchemaField{
			Name: f.Name, Kind: string(f.Kind), Unit: string(f.Unit), Doc: f.Doc, Example: f.Example,
			Operators: operators(f), Values: knownValues(f.Name), Many: f.Many, Group: f.Group,
		})
	}
	for _, p := range prefixes[1:] {
		s.Prefixes = append(s.Prefixes, record.SchemaPrefix{Prefix: p.text, Doc: p.doc})
	}
	for _, m := range store.Measures {
		s.Measures = append(s.Measures, record.SchemaMeasure{Name: m.Name, Unit: string(m.Unit), Doc: m.Doc})
	}
	for _, sort := range store.Sorts {
		s.Sorts = append(s.Sorts, string(sort))
	}
	for _, f := range export.RequestFormats {
		s.Formats = append(s.Formats, string(f))
	}
	return s, nil
}

// operators are how values of a field can be written.
func operators(f *store.Field) []string {
	switch f.Kind {
	case store.KindGlob:
		return []string{"equals", "glob"}
	case store.KindEndpoint:
		return []string{"equals", "glob", "contains"}
	case store.KindAddress:
		return []string{"equals", "cidr"}
	case store.KindNumber:
		if f.Name == "status" {
			return []string{"equals", "range", "class"}
		}
		return []string{"equals", "range", "less", "greater"}
	}
	return []string{"equals"}
}

// knownValues are the values of fields that have a few of ours.
func knownValues(field string) (known []string) {
	switch field {
	case "accepted", "blocked":
		return []string{"true", "false"}
	case "rung":
		return []string{string(record.RungOwn), string(record.RungMCP), string(record.RungBuiltin), string(record.RungNetwork)}
	case "strength":
		return []string{string(record.StrengthSecret), string(record.StrengthClaimed), string(record.StrengthNetwork)}
	case "flow":
		for _, f := range store.Flows {
			known = append(known, f.Name)
		}
	}
	return known
}
