package policy

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// Format prints p in its canonical form: fields in the order of the types, what
// has a default written out, what is empty left out. What it prints parses into
// an equal policy.
func Format(p *Policy) []byte {
	var b strings.Builder
	writeFields(&b, reflect.ValueOf(p).Elem(), "", "")
	return []byte(b.String())
}

// writeFields writes the fields of a struct, one or more lines each. The first
// line begins with first, the others with indent.
func writeFields(b *strings.Builder, v reflect.Value, first, indent string) {
	for _, f := range fieldsSet(v) {
		b.WriteString(first)
		b.WriteString(f.name)
		b.WriteByte(':')
		first = indent
		switch {
		case f.value.Kind() == reflect.Struct && !isText(f.value):
			b.WriteByte('\n')
			writeFields(b, f.value, indent+"  ", indent+"  ")
		case f.value.Kind() == reflect.Slice && f.value.Type().Elem().Kind() == reflect.Struct && !isText(f.value.Index(0)):
			b.WriteByte('\n')
			for i := range f.value.Len() {
				writeItem(b, f.value.Index(i), indent+"  ")
			}
		default:
			b.WriteByte(' ')
			writeFlow(b, f.value)
			b.WriteByte('\n')
		}
	}
}

func writeItem(b *strings.Builder, v reflect.Value, indent string) {
	if len(fieldsSet(v)) == 0 {
		b.WriteString(indent + "- {}\n")
		return
	}
	writeFields(b, v, indent+"- ", indent+"  ")
}

// writeFlow writes a value on one line.
func writeFlow(b *strings.Builder, v reflect.Value) {
	switch {
	case isText(v):
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			panic("bug: policy not validated: " + err.Error())
		}
		b.WriteString(quoted(string(text)))
	case v.Kind() == reflect.Struct:
		b.WriteByte('{')
		for i, f := range fieldsSet(v) {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(f.name + ": ")
			writeFlow(b, f.value)
		}
		b.WriteByte('}')
	case v.Kind() == reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteString(", ")
			}
			writeFlow(b, v.Index(i))
		}
		b.WriteByte(']')
	case v.Kind() == reflect.String:
		b.WriteString(quoted(v.String()))
	default:
		fmt.Fprint(b, v.Interface())
	}
}

// flow returns a value on one line.
func flow(v reflect.Value) string {
	var b strings.Builder
	writeFlow(&b, v)
	return b.String()
}

type field struct {
	name  string
	value reflect.Value
}

// fieldsSet returns the fields of a struct that say something.
func fieldsSet(v reflect.Value) []field {
	var out []field
	for i, name := range fieldsOf(v.Type()) {
		if f := v.Field(i); !f.IsZero() && (f.Kind() != reflect.Slice || f.Len() > 0) {
			out = append(out, field{name, f})
		}
	}
	return out
}

func isText(v reflect.Value) bool {
	_, ok := v.Interface().(encoding.TextMarshaler)
	return ok
}

var (
	// plainForm is text that YAML reads as it stands, in flow lists too.
	plainForm = regexp.MustCompile(`^[A-Za-z0-9/][A-Za-z0-9_./-]*$`)
	// wordForm is what some reader of YAML takes for more than text.
	wordForm = regexp.MustCompile(`(?i)^(null|true|false|yes|no|on|off|y|n|[0-9.].*)$`)
	sizeForm = regexp.MustCompile(`^[0-9]+([KMGT]iB|[kMGT]B)?$`)
)

// quoted returns a scalar, with quotes where it needs them.
func quoted(s string) string {
	switch {
	case sizeForm.MatchString(s), plainForm.MatchString(s) && !wordForm.MatchString(s):
		return s
	case strings.IndexFunc(s, func(r rune) bool { return r < ' ' || !strconv.IsPrint(r) }) < 0:
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
