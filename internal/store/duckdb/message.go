package duckdb

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// The further MCP messages of a request are one text of its entry; few requests have
// any. The text is a JSON array of objects with the members m (method), n (name),
// t (trace), e (error) and f (from), left out where empty, always written alike,
// so that a method or a name is found by looking for a substring, see moreSign.

const (
	moreMethod = `"m":`
	moreName   = `"n":`
)

// moreText returns the text of messages; "" for none.
func moreText(messages []record.MCPMessage) string {
	if len(messages) == 0 {
		return ""
	}
	var b []byte
	for _, m := range messages {
		b = append(b, ',')
		begin := len(b)
		for _, t := range [...]struct{ member, text string }{{moreMethod, m.Method}, {moreName, m.Name}, {`"t":`, m.Trace}, {`"f":`, m.From}} {
			if t.text != "" {
				b = append(b, ',')
				b = appendMember(b, t.member, t.text)
			}
		}
		if m.Error != 0 {
			b = append(b, `,"e":`...)
			b = strconv.AppendInt(b, int64(m.Error), 10)
		}
		if len(b) == begin {
			b = append(b, '{')
		}
		b[begin] = '{'
		b = append(b, '}')
	}
	b[0] = '['
	return string(append(b, ']'))
}

// moreSign returns what the text of messages holds when one of them has this text,
// which must be UTF-8, as its moreMethod or moreName, and never otherwise: inside a
// JSON string a quotation mark follows a backslash, so "m": is always the name of a
// member.
func moreSign(member, text string) string { return string(appendMember(nil, member, text)) }

// appendMember appends a member with its text, which must be UTF-8, the only thing
// that AppendQuote fails on.
func appendMember(b []byte, member, text string) []byte {
	b = append(b, member...)
	b, _ = jsontext.AppendQuote(b, text)
	return b
}

// parseMore reads what moreText wrote.
func parseMore(text string) ([]record.MCPMessage, error) {
	if text == "" {
		return nil, nil
	}
	var kept []struct {
		Method string `json:"m"`
		Name   string `json:"n"`
		Trace  string `json:"t"`
		Error  int    `json:"e"`
		From   string `json:"f"`
	}
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return nil, fmt.Errorf("the MCP messages of a request: %w", err)
	}
	messages := make([]record.MCPMessage, len(kept))
	for i, m := range kept {
		messages[i] = record.MCPMessage(m)
	}
	return messages, nil
}

// messageExpression is c over the methods or the names of all messages: the first
// one's in a column of its dictionary, the others' in a member. No text is wanted
// of a request when no message of it has one.
func messageExpression(column, member string, c *store.Condition) expression {
	var all []expression
	for _, t := range c.Texts {
		switch {
		case !utf8.ValidString(t):
		case t == "":
			all = append(all, expression{sql: column + " = '' AND NOT contains(mcp_more, ?)", args: []any{member}})
		default:
			all = append(all, expression{sql: column + " = ? OR contains(mcp_more, ?)", args: []any{t, moreSign(member, t)}})
		}
	}
	return anyOf(all...)
}
