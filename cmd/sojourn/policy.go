package main

import (
	"fmt"

	"sojourn/internal/inspect"
	"sojourn/internal/policy"
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
}

// Run prints what the policy says in short; its error has one line for each
// problem.
func (c *policyCheckCmd) Run(a *app) error {
	p, err := policy.Load(c.File)
	if err != nil {
		return err
	}
	if err := inspect.Check(p); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s is a valid policy: %s, %s\n",
		c.File, quantity(uint64(len(p.Applications)), "application"), quantity(uint64(len(p.Capture.Exclude)), "capture filter"))
	return err
}
