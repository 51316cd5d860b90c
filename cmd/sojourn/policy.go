package main

import (
	"fmt"

	"sojourn/internal/inspect"
	"sojourn/internal/policy"
)

// policyCmd holds what can be done with a policy file.
type policyCmd struct {
	Check policyCheckCmd `cmd:"" help:"Read a policy file and tell what is wrong with it."`
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
