package main

import (
	"fmt"
	"net/url"
	"strconv"

	"sojourn/internal/client"
	"sojourn/internal/record"
)

// explainCmd tells why a request is in its session.
type explainCmd struct {
	serverFlags
	outputFlags
	ID string `arg:"" help:"Request id."`
}

// Run prints the ladder.
func (c *explainCmd) Run(a *app) error {
	return show(a, &c.serverFlags, c.JSON, document[record.Explanation]{
		path: "requests/" + url.PathEscape(c.ID) + "/explain", print: printExplanation,
		ask: func(server *client.Client) (record.Explanation, error) { return server.Explain(a.ctx, c.ID) },
	})
}

func printExplanation(s *screen, e record.Explanation) error {
	err := printFields(s, []field{
		{"request", e.Request.String()},
		{"session", e.Session.String()},
		{"grouped by", fmt.Sprintf("%s (%s, %s), accepted: %t", e.Key, e.Rung, strengthOf(e), e.Accepted)},
		{"policy", judgedBy(e.Revision)},
		{"note", e.Note},
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(s)
	t := table{screen: s, columns: []column{
		{title: "TRIED", right: true}, {title: "RUNG"}, {title: "KEY", least: 12}, {title: "POINT", least: 24}, {title: "RESULT", least: 12},
	}}
	return t.draw(ladderRows(e))
}

// judgedBy names a revision of the policy.
func judgedBy(revision uint64) string {
	switch revision {
	case 0:
		return "built in"
	case record.FileRevision:
		return "a file that the history does not hold"
	}
	return fmt.Sprintf("revision %d", revision)
}

// strengthOf says also whether a claim was verified.
func strengthOf(e record.Explanation) string {
	switch {
	case e.Verified:
		return string(e.Strength) + ", verified"
	case e.Strength == record.StrengthClaimed:
		return string(e.Strength) + ", not verified"
	}
	return string(e.Strength)
}

// ladderRows has a row for each key, and one for those that are not listed.
func ladderRows(e record.Explanation) (rows [][]cell) {
	for i, k := range e.Tried {
		if k.Found && e.Unlisted > 0 {
			rows = append(rows, unlistedRow(i, e))
			i += e.Unlisted
		}
		result := cell{text: "found"}
		if !k.Found {
			result = cell{k.Why, dim}
		}
		rows = append(rows, []cell{{text: strconv.Itoa(i + 1)}, {text: string(k.Rung)}, {text: k.Name}, {text: k.Point}, result})
	}
	return rows
}

func unlistedRow(first int, e record.Explanation) []cell {
	rung, name := string(record.RungBuiltin), quantity(uint64(e.Unlisted), "built-in key")
	if e.Note != "" {
		rung, name = "", quantity(uint64(e.Unlisted), "key")
	}
	tried := strconv.Itoa(first + 1)
	if e.Unlisted > 1 {
		tried += "-" + strconv.Itoa(first+e.Unlisted)
	}
	return []cell{{text: tried}, {text: rung}, {text: name}, {}, {"had no value", dim}}
}
