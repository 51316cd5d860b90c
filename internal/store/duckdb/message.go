package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"sojourn/internal/record"
)

// The further MCP messages of a request are one text of its row; few requests have
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

// hasMore is true on a day with a request of several messages; the statistics of
// the column tell.
const hasMore = "EXISTS (SELECT 1 FROM requests WHERE mcp_more IS NOT NULL)"

// messages adds that one of the messages has one of the wanted texts, which the
// first has in a column of its dictionary and the others in a member. No text is
// wanted of a request when no message of it has one.
func (c *condition) messages(ctx context.Context, tx *sql.Tx, column, member string, wanted []string) error {
	if len(wanted) == 0 {
		return nil
	}
	var more bool
	if err := tx.QueryRowContext(ctx, "SELECT "+hasMore).Scan(&more); err != nil {
		return err
	}
	if !more {
		return c.coded(ctx, tx, dictMessage, column+" = ?", wanted)
	}
	var clauses []string
	var args []any
	add := func(clause string, more ...any) { clauses, args = append(clauses, clause), append(args, more...) }
	texts := slices.DeleteFunc(slices.Clone(wanted), func(w string) bool { return w == "" || !utf8.ValidString(w) })
	first, firstArgs, err := codesOf(ctx, tx, dictMessage, column+" = ?", texts)
	if err != nil {
		return err
	}
	add(first, firstArgs...)
	for _, w := range texts {
		add("mcp_more IS NOT NULL AND contains(mcp_more, ?)", moreSign(member, w))
	}
	if slices.Contains(wanted, "") {
		empty, emptyArgs, err := codesOf(ctx, tx, dictMessage, column+" = ?", []string{""})
		if err != nil {
			return err
		}
		add("("+empty+") AND (mcp_more IS NULL OR NOT contains(mcp_more, ?))", append(emptyArgs, member)...)
	}
	c.anyOf(clauses, args)
	return nil
}

// messageFacets count each request once for each text that its messages have,
// those of several messages too; see facetSQL.
var messageFacets = map[string]string{
	"mcp_method": messageFacet("mcp_method", "m"),
	"mcp_name":   messageFacet("mcp_name", "n"),
}

func messageFacet(name, member string) string {
	return `
SELECT '` + name + `', session, value, '', '', 0, sum(n)::BIGINT FROM (
	SELECT session, ` + name + ` AS value, n
	FROM (SELECT session, message AS code, count(*) AS n FROM picked WHERE mcp_more IS NULL GROUP BY ALL)
	JOIN dict_message USING (code)
	UNION ALL
	SELECT session, unnest(CASE WHEN len(texts) = 0 THEN [''] ELSE texts END), n FROM (
		SELECT session, n, list_distinct(list_concat(
			CASE WHEN ` + name + ` = '' THEN [] ELSE [` + name + `] END, json_extract_string(mcp_more, '$[*].` + member + `'))) AS texts
		FROM (SELECT session, message AS code, mcp_more, count(*) AS n FROM picked WHERE mcp_more IS NOT NULL GROUP BY ALL)
		JOIN dict_message USING (code))
) GROUP BY ALL`
}
