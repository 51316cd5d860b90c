package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"sojourn/internal/client"
	"sojourn/internal/policy"
	"sojourn/internal/record"
)

type policyShowCmd struct {
	serverFlags
	outputFlags
	Revision *uint64 `help:"An earlier revision, as policy history lists it. Default: the one in force." placeholder:"N"`
}

// Help is shown by --help after the description.
func (policyShowCmd) Help() string {
	return `The document goes to standard output as it was saved, so that it can be edited
and put back; who saved it and when goes to standard error.

Examples:
  sojourn policy show > sojourn.yaml
  sojourn policy show --revision 3`
}

// Run prints a policy.
func (c *policyShowCmd) Run(a *app) error {
	d := document[record.PolicyRevision]{
		path: "policy", running: true,
		print: func(s *screen, r record.PolicyRevision) error {
			fmt.Fprintln(a.stderr, visible(aboutRevision(r)))
			return printDocument(s, r.Document)
		},
		ask: func(server *client.Client) (record.PolicyRevision, error) {
			p, err := server.Policy(a.ctx)
			for _, problem := range p.Problems {
				fmt.Fprintln(a.stderr, visible(problem.String()))
			}
			printWarnings(a, "", p.Warnings)
			return p.PolicyRevision, err
		},
	}
	if c.Revision != nil {
		d.path = "policy/revisions/" + strconv.FormatUint(*c.Revision, 10)
		d.ask = func(server *client.Client) (record.PolicyRevision, error) {
			return server.PolicyRevision(a.ctx, *c.Revision)
		}
	}
	return show(a, &c.serverFlags, c.JSON, d)
}

// aboutRevision says in a line who saved a policy, when and why.
func aboutRevision(r record.PolicyRevision) string {
	text := fmt.Sprintf("revision %d", r.Revision)
	if r.Saved != 0 {
		text += ", saved " + r.Saved.Std().Format("2006-01-02 15:04:05") + " UTC"
	}
	if r.Author != "" {
		text += " by " + r.Author
	}
	if r.Comment != "" {
		text += ": " + r.Comment
	}
	return text
}

// printDocument prints a document as it is, except to a terminal: there, what
// would move the cursor or colour the screen is made visible.
func printDocument(s *screen, text string) error {
	text = strings.TrimSuffix(text, "\n") + "\n"
	if s.width > 0 {
		lines := strings.Split(text, "\n")
		for i := range lines {
			lines[i] = visible(lines[i])
		}
		text = strings.Join(lines, "\n")
	}
	_, err := io.WriteString(s, text)
	return err
}

// changeFlags are those of the commands that change the policy.
type changeFlags struct {
	serverFlags
	outputFlags

	file string // where the document is from, for warnings

	Expected *uint64 `help:"Only when this revision is in force, such as the one that the change was made from. Default: whichever is when the command runs." placeholder:"N"`
}

// change changes the policy from the expected revision and tells the new one.
func (c *changeFlags) change(a *app, do func(server *client.Client, expected uint64) (record.PolicyInForce, error)) error {
	return c.withRunning(a, func(server *client.Client) error {
		if c.Expected == nil {
			current, err := server.Policy(a.ctx)
			if err != nil {
				return err
			}
			c.Expected = &current.Revision
		}
		saved, err := do(server, *c.Expected)
		switch {
		case err != nil:
			return err
		}
		printWarnings(a, c.file, saved.Warnings)
		if c.JSON {
			return json.NewEncoder(a.stdout).Encode(saved)
		}
		_, err = fmt.Fprintf(a.stdout, "revision %d is in force\n", saved.Revision)
		return err
	})
}

type policyPutCmd struct {
	changeFlags
	Comment string `help:"What to tell others about the change." placeholder:"TEXT"`
	File    string `arg:"" help:"The policy file; - is standard input."`
}

// Help is shown by --help after the description.
func (policyPutCmd) Help() string {
	return `The policy is in force on every node within a second. One with problems changes
nothing; they are told one a line.

Examples:
  sojourn policy put sojourn.yaml --comment "group by device"
  sojourn policy put sojourn.yaml --expected 4`
}

// Run puts a file in force.
func (c *policyPutCmd) Run(a *app) error {
	c.file = c.File
	text, err := readDocument(a, c.File)
	if err != nil {
		return err
	}
	return c.change(a, func(server *client.Client, expected uint64) (record.PolicyInForce, error) {
		saved, err := server.PutPolicy(a.ctx, record.PolicyEdit{Document: text, Expected: &expected, Comment: c.Comment})
		return saved, problemsIn(c.File, err)
	})
}

// readDocument reads a policy file. Whether it is a policy, the server says.
func readDocument(a *app, name string) (string, error) {
	file := io.NopCloser(a.stdin)
	if name != "-" {
		var err error
		if file, err = os.Open(name); err != nil {
			return "", err
		}
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, policy.MaxDocument+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", name, err)
	case len(text) > policy.MaxDocument:
		return "", fmt.Errorf("%s is larger than %s: a policy is not", name, size(policy.MaxDocument))
	case !utf8.Valid(text): // it would be changed on its way
		return "", fmt.Errorf("%s is not UTF-8 text: save it as UTF-8", name)
	}
	return string(text), nil
}

// problemsIn puts the file's name before each of the problems that the server
// found, as policy check tells them.
func problemsIn(file string, err error) error {
	var refused *client.Problem
	if !errors.As(err, &refused) || len(refused.Problems) == 0 {
		return err
	}
	var out []error
	for _, p := range refused.Problems {
		out = append(out, &policy.Error{File: file, Line: p.Line, Field: p.Field, Problem: p.Problem})
	}
	return errors.Join(out...)
}

type policyRollbackCmd struct {
	changeFlags
	Revision uint64 `arg:"" help:"The revision to go back to, as policy history lists it; 0 is the built-in policy."`
}

// Run puts an earlier policy in force again, as a new revision.
func (c *policyRollbackCmd) Run(a *app) error {
	return c.change(a, func(server *client.Client, expected uint64) (record.PolicyInForce, error) {
		return server.RollbackPolicy(a.ctx, record.PolicyRollback{Revision: c.Revision, Expected: &expected})
	})
}

type policyHistoryCmd struct {
	serverFlags
	outputFlags
}

// Run lists the revisions that are kept.
func (c *policyHistoryCmd) Run(a *app) error {
	return show(a, &c.serverFlags, c.JSON, document[record.PolicyHistory]{
		path: "policy/revisions", running: true,
		ask: func(server *client.Client) (record.PolicyHistory, error) { return server.PolicyHistory(a.ctx) },
		print: func(s *screen, h record.PolicyHistory) error {
			if len(h.Revisions) == 0 {
				_, err := fmt.Fprintln(a.stderr, "nobody has saved a policy; the built-in one is in force")
				return err
			}
			return printRevisions(s, h.Revisions)
		},
	})
}

func printRevisions(s *screen, revisions []record.PolicyRevision) error {
	t := table{screen: s, columns: []column{
		{title: "REVISION", right: true}, {title: "SAVED (UTC)"}, {title: "BY", least: 8}, {title: "COMMENT", least: 16},
	}}
	rows := make([][]cell, len(revisions))
	for i, r := range revisions {
		rows[i] = []cell{
			{text: strconv.FormatUint(r.Revision, 10)}, {text: r.Saved.Std().Format("2006-01-02 15:04:05")},
			{text: r.Author}, {text: r.Comment},
		}
	}
	return t.draw(rows)
}

type policyDiffCmd struct {
	serverFlags
	outputFlags
	From uint64  `arg:"" help:"A revision, as policy history lists it."`
	To   *uint64 `arg:"" optional:"" help:"Another. Default: the one in force."`
}

// Run tells how two policies differ.
func (c *policyDiffCmd) Run(a *app) error {
	filters := url.Values{"from": {strconv.FormatUint(c.From, 10)}}
	if c.To != nil {
		filters.Set("to", strconv.FormatUint(*c.To, 10))
	}
	return show(a, &c.serverFlags, c.JSON, document[record.PolicyDiff]{
		path: "policy/diff", filters: filters, running: true, print: printDiff,
		ask: func(server *client.Client) (record.PolicyDiff, error) { return server.PolicyDiff(a.ctx, c.From, c.To) },
	})
}

// printDiff prints a line for what went and one for what came.
func printDiff(s *screen, d record.PolicyDiff) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n", s.paint(fmt.Sprintf("revision %d to revision %d", d.From, d.To), dim))
	if len(d.Changes) == 0 {
		out.WriteString("no difference in what they say\n")
	}
	for _, c := range d.Changes {
		if c.Before != "" {
			fmt.Fprintf(&out, "%s\n", s.paint(visible("- "+c.Path+": "+c.Before), red))
		}
		if c.After != "" {
			fmt.Fprintf(&out, "+ %s\n", visible(c.Path+": "+c.After))
		}
	}
	_, err := io.WriteString(s, out.String())
	return err
}
