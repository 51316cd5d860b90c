package duckdb

import (
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"sojourn/internal/record"
)

// The context values of a request are one text of a dictionary: the requests of a
// session mostly have the same. The text is a JSON array of objects with the
// members n, v and, where the value is a digest, h, always written alike, so that
// a value is found by looking for a substring, see contextSign.

// contextText returns the text of values; "" for none.
func contextText(values []record.Value) string {
	if len(values) == 0 {
		return ""
	}
	var b []byte
	for _, v := range values {
		b = append(b, ',')
		b = appendValue(b, v.Name, v.Value)
		if v.Hashed {
			b = append(b, `,"h":true`...)
		}
		b = append(b, '}')
	}
	b[0] = '['
	return string(append(b, ']'))
}

// contextSign returns what the text of values holds when one of them has this
// name and value, both UTF-8, and never otherwise: inside a JSON string a quotation mark
// follows a backslash, so {" is always the beginning of an object.
func contextSign(name, value string) string { return string(appendValue(nil, name, value)) }

// contextName returns what the text of values holds when one of them has this name.
func contextName(name string) string {
	b, _ := jsontext.AppendQuote([]byte(`{"n":`), name)
	return string(append(b, `,"v":`...))
}

// appendValue begins the object of a value. Name and value must be UTF-8, the
// only thing that AppendQuote fails on.
func appendValue(b []byte, name, value string) []byte {
	b = append(b, contextName(name)...)
	b, _ = jsontext.AppendQuote(b, value)
	return b
}

// parseContext reads what contextText wrote.
func parseContext(text string) ([]record.Value, error) {
	if text == "" {
		return nil, nil
	}
	var kept []struct {
		Name   string `json:"n"`
		Value  string `json:"v"`
		Hashed bool   `json:"h"`
	}
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return nil, fmt.Errorf("the context of a request: %w", err)
	}
	values := make([]record.Value, len(kept))
	for i, v := range kept {
		values[i] = record.Value(v)
	}
	return values, nil
}
