package main

import (
	"encoding/json"
	"fmt"

	"sojourn/internal/inspect"
	"sojourn/internal/policy"
	"sojourn/internal/record"
)

// policyCmd holds what can be done with a policy: a file, or the one in force.
type policyCmd struct {
	Check    policyCheckCmd    `cmd:"" help:"Read a policy file and tell what is wrong with it."`
	Show     policyShowCmd     `cmd:"" help:"Print the policy in force, or an earlier one."`
	Put      policyPutCmd      `cmd:"" help:"Put a policy file in force, as a whole or not at all."`
	History  policyHistoryCmd  `cmd:"" help:"List the policies that were in force, newest first."`
	Diff     policyDiffCmd     `cmd:"" help:"Tell how one policy differs from another."`
	Rollback policyRollbackCmd `cmd:"" help:"Put an earlier policy in force again."`
}

// policyCheckCmd checks a policy file. It needs neither a server nor data.
type policyCheckCmd struct {
	File string `arg:"" help:"The policy file."`
	JSON bool   `help:"Print problems and warnings in JSON instead of text for people."`
}

// Help is shown by --help after the description.
func (policyCheckCmd) Help() string {
	return `All problems are told at once, each as FILE:LINE: field: reason, in the order of
their lines, and end the command with 1. Warnings tell what of a valid policy can
never match, or matches everything; with them alone it ends with 0.

Examples:
  sojourn policy check sojourn.yaml
  sojourn policy check --json sojourn.yaml | jq .warnings`
}

// policyReport is what policy check --json prints.
type policyReport struct {
	Valid    bool                   `json:"valid"`
	Problems []record.PolicyProblem `json:"problems"`
	Warnings []policy.Warning       `json:"warnings"`
}

// Run prints what the policy says in short, and warnings; its error has one line
// for each problem.
func (c *policyCheckCmd) Run(a *app) error {
	p, warnings, err := policy.Load(c.File, inspect.Check)
	switch {
	case c.JSON:
		return c.report(a, warnings, err)
	case err != nil:
		return err
	}
	printWarnings(a, c.File, warnings)
	_, err = fmt.Fprintf(a.stdout, "%s is a valid policy: %s, %s\n",
		c.File, quantity(uint64(len(p.Applications)), "application"), quantity(uint64(len(p.Capture.Exclude)), "capture filter"))
	return err
}

func (c *policyCheckCmd) report(a *app, warnings []policy.Warning, refused error) error {
	r := policyReport{Valid: refused == nil, Problems: []record.PolicyProblem{}, Warnings: append([]policy.Warning{}, warnings...)}
	if refused != nil {
		for _, p := range policy.Problems(refused) {
			r.Problems = append(r.Problems, record.PolicyProblem{Line: p.Line, Field: p.Field, Problem: p.Problem})
		}
	}
	if err := json.NewEncoder(a.stdout).Encode(r); err != nil {
		return err
	}
	return refused
}

// printWarnings tells warnings about a policy, one a line; file may be empty.
func printWarnings(a *app, file string, warnings []policy.Warning) {
	for _, w := range warnings {
		place := policy.Error{File: file, Line: w.Line, Field: w.Field, Problem: w.Reason}
		text := place.Error()
		if file == "" {
			text = w.String()
		}
		fmt.Fprintln(a.stderr, visible("warning: "+text))
	}
}
