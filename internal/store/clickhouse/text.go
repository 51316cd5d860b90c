package clickhouse

import (
	"encoding/hex"
	"fmt"
	"strings"

	"sojourn/internal/record"
)

var escapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`)

// text writes s as a literal.
func text(s string) string { return "'" + escapes.Replace(s) + "'" }

// texts writes literals with commas between them.
func texts(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = text(s)
	}
	return strings.Join(quoted, ", ")
}

// identifier writes the name of a database.
func identifier(name string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(name) + "`"
}

// sessionID writes the id of a session or a client.
func sessionID(id record.SessionID) string {
	return "toFixedString(unhex('" + hex.EncodeToString(id[:]) + "'), 16)"
}

// requestID writes the id of a request as the tuple (started, node, seq).
func requestID(id record.RequestID) string {
	return fmt.Sprintf("(%d, %d, %d)", id.At, id.Node, id.Seq)
}

// like writes a pattern of store.Glob as one of LIKE.
func like(glob string) string {
	return text(strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `*`, `%`, `?`, `_`).Replace(glob))
}

// hasWildcard reports whether glob is more than a text to be equal to.
func hasWildcard(glob string) bool { return strings.ContainsAny(glob, "*?") }

// anyOf joins conditions of which one must hold.
func anyOf(conditions []string) string {
	if len(conditions) == 0 {
		return "0"
	}
	return "(" + strings.Join(conditions, " OR ") + ")"
}

// allOf joins conditions that must all hold.
func allOf(conditions ...string) string {
	if len(conditions) == 0 {
		return "1"
	}
	return strings.Join(conditions, " AND ")
}
