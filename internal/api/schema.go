package api

import (
	"io"
	"net/netip"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"sojourn/internal/policy"
	"sojourn/internal/record"
)

// Types that print as text are strings in the document. These stand in for them
// there, so that record needs to know nothing of documents.
type (
	timeSchema      struct{}
	daySchema       struct{}
	requestIDSchema struct{}
	sessionIDSchema struct{}
	addrSchema      struct{}
	amountSchema    struct{}
)

func (timeSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Examples: []any{"2026-11-21T14:05:00.000000Z"}}
}

func (daySchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date"}
}

func (requestIDSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: "^[0-9A-HJKMNP-TV-Z]{20}$"}
}

func (sessionIDSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: "^[0-9a-f]{32}$"}
}

func (addrSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Examples: []any{"192.0.2.7"}}
}

func (amountSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeNumber, Nullable: true}
}

func newRegistry() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", func(t reflect.Type, hint string) string {
		if name, ok := policySchemaName(t); ok {
			return name
		}
		switch t {
		case reflect.TypeFor[huma.ErrorModel]():
			return "Problem"
		case reflect.TypeFor[huma.ErrorDetail](), reflect.TypeFor[*huma.ErrorDetail]():
			return "ProblemDetail"
		}
		return huma.DefaultSchemaNamer(t, hint)
	})
	r.RegisterTypeAlias(reflect.TypeFor[record.Time](), reflect.TypeFor[timeSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[record.Day](), reflect.TypeFor[daySchema]())
	r.RegisterTypeAlias(reflect.TypeFor[record.RequestID](), reflect.TypeFor[requestIDSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[record.SessionID](), reflect.TypeFor[sessionIDSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[netip.Addr](), reflect.TypeFor[addrSchema]())
	r.RegisterTypeAlias(reflect.TypeFor[record.Amount](), reflect.TypeFor[amountSchema]())
	return r
}

// policySchemaName names the parts of a policy, some of which are called as other
// things are.
func policySchemaName(t reflect.Type) (string, bool) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.PkgPath() != reflect.TypeFor[policy.Policy]().PkgPath() {
		return "", false
	}
	return "Policy" + strings.TrimPrefix(t.Name(), "Policy"), true
}

// neverNull says of every list what jsonFormat promises.
func neverNull(r huma.Registry) {
	for _, s := range r.Map() {
		for _, property := range s.Properties {
			if property.Type == huma.TypeArray {
				property.Nullable = false
			}
		}
	}
}

// jsonFormat writes answers so that they keep what the document promises: a list
// is never null, and bytes that are not UTF-8 become the replacement character.
func jsonFormat() huma.Format {
	options := json.JoinOptions(json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	return huma.Format{
		Marshal: func(w io.Writer, v any) error {
			b, err := json.Marshal(v, options)
			if err != nil {
				return err
			}
			_, _ = w.Write(append(b, '\n')) // fails only when the caller has left
			return nil
		},
		Unmarshal: func(data []byte, v any) error { return json.Unmarshal(data, v) },
	}
}
