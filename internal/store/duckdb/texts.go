package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// entryOf returns what a dictionary has of r; setEntry is its reverse.
func entryOf(dict int, r *record.Request) entry {
	switch dict {
	case dictApplication:
		return entry{r.Application}
	case dictHost:
		return entry{r.Host}
	case dictEndpoint:
		return entry{r.Method, r.Endpoint}
	case dictAgent:
		return entry{r.UserAgent, r.JA4}
	case dictGrouping:
		return entry{r.Key, r.Point, string(r.Rung), string(r.Strength)}
	case dictFlags:
		return entry{joinFlags(r.Flags)}
	case dictPlace:
		return entry{r.Country, r.Network, r.Anonymity}
	case dictPerson:
		return entry{r.User, r.Role}
	case dictMessage:
		if r.MCP == nil {
			return entry{r.Operation}
		}
		return entry{r.Operation, r.MCP.Server, r.MCP.Method, r.MCP.Name, r.MCP.Client, r.MCP.Generation, moreText(r.MCP.More)}
	case dictContext:
		return entry{contextText(r.Context)}
	}
	panic(fmt.Sprintf("bug: there is no dictionary %d", dict))
}

// setEntry fills in the fields of r that a dictionary has.
func setEntry(dict int, r *record.Request, e entry) (err error) {
	switch dict {
	case dictApplication:
		r.Application = e[0]
	case dictHost:
		r.Host = e[0]
	case dictEndpoint:
		r.Method, r.Endpoint = e[0], e[1]
	case dictAgent:
		r.UserAgent, r.JA4 = e[0], e[1]
	case dictGrouping:
		r.Key, r.Point, r.Rung, r.Strength = e[0], e[1], record.Rung(e[2]), record.Strength(e[3])
	case dictFlags:
		r.Flags = splitFlags(e[0])
	case dictPlace:
		r.Country, r.Network, r.Anonymity = e[0], e[1], e[2]
	case dictPerson:
		r.User, r.Role = e[0], e[1]
	case dictMessage:
		r.Operation = e[0]
		m := record.MCP{Server: e[1], Method: e[2], Name: e[3], Client: e[4], Generation: e[5]}
		m.More, err = parseMore(e[6])
		if r.MCP != nil {
			m.Trace, m.Error = r.MCP.Trace, r.MCP.Error
		}
		r.MCP = nil
		if m.Tells() {
			r.MCP = &m
		}
	case dictContext:
		r.Context, err = parseContext(e[0])
	}
	return err
}

func joinFlags(flags []record.Flag) string {
	switch len(flags) {
	case 0:
		return ""
	case 1:
		return store.Text(string(flags[0]))
	}
	words := make([]string, len(flags))
	for i, f := range flags {
		words[i] = store.Text(string(f))
	}
	return strings.Join(words, flagSeparator)
}

func splitFlags(text string) (flags []record.Flag) {
	if text == "" {
		return nil
	}
	for f := range strings.SplitSeq(text, flagSeparator) {
		flags = append(flags, record.Flag(f))
	}
	return flags
}

// rowCodes are the codes of one request, by dictionary.
type rowCodes [len(dictionaries)]uint32

// codeColumns names the columns of rowCodes.
func codeColumns() string {
	var names []string
	for _, d := range dictionaries {
		names = append(names, d.codeColumn())
	}
	return strings.Join(names, ", ")
}

// setTexts looks the codes of requests up. A query for each dictionary is faster
// than joining them all: that takes DuckDB longer to plan than to do, and may put
// the whole of a large dictionary in memory.
func setTexts(ctx context.Context, tx *sql.Tx, requests []record.Request, codes []rowCodes) error {
	for dict := range dictionaries {
		wanted := make([]uint32, len(codes))
		for i := range codes {
			wanted[i] = codes[i][dict]
		}
		slices.Sort(wanted)
		entries, err := readEntries(ctx, tx, dictionaries[dict], codeSet{codes: slices.Compact(wanted)})
		if err != nil {
			return err
		}
		for i := range requests {
			e, ok := entries[codes[i][dict]]
			if !ok {
				return fmt.Errorf("bug: code %d is not in %s", codes[i][dict], dictionaries[dict].table)
			}
			if err := setEntry(dict, &requests[i], e); err != nil {
				return err
			}
		}
	}
	return nil
}

func readEntries(ctx context.Context, tx *sql.Tx, d dictionary, codes codeSet) (map[uint32]entry, error) {
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("SELECT code, %s FROM %s WHERE %s",
		strings.Join(d.texts, ", "), d.table, codes.in("code")), codes.args()...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	entries := make(map[uint32]entry, len(codes.codes))
	for rows.Next() {
		var code uint32
		var e entry
		if err := rows.Scan(e.into(&code, len(d.texts))...); err != nil {
			return nil, err
		}
		entries[code] = e
	}
	return entries, rows.Err()
}
