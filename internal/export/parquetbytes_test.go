package export

import (
	"reflect"
	"strings"
	"testing"

	"sojourn/internal/record"
)

// TestTextBytes: every text of a request counts towards what a row group holds, or
// it could hold any amount.
func TestTextBytes(t *testing.T) {
	long := strings.Repeat("x", 1000)
	short := map[string]bool{"Country": true, "Anonymity": true, "JA4": true, "Rung": true, "Strength": true} // no client chooses them
	for _, of := range []reflect.Type{reflect.TypeFor[record.Request](), reflect.TypeFor[record.MCP](), reflect.TypeFor[record.MCPMessage](), reflect.TypeFor[record.Value]()} {
		for i := range of.NumField() {
			if of.Field(i).Type.Kind() != reflect.String || short[of.Field(i).Name] || of.Field(i).Name == "From" {
				continue
			}
			r := record.Request{MCP: &record.MCP{More: make([]record.MCPMessage, 1)}, Context: make([]record.Value, 1)}
			empty := textBytes(&r)
			in := map[reflect.Type]any{
				reflect.TypeFor[record.Request](): &r, reflect.TypeFor[record.MCP](): r.MCP,
				reflect.TypeFor[record.MCPMessage](): &r.MCP.More[0], reflect.TypeFor[record.Value](): &r.Context[0],
			}[of]
			reflect.ValueOf(in).Elem().Field(i).SetString(long)
			if got := textBytes(&r) - empty; got < len(long) {
				t.Errorf("%s.%s of %d bytes counts as %d", of.Name(), of.Field(i).Name, len(long), got)
			}
		}
	}
}
