package main

import (
	"encoding/json"
	"fmt"
	"time"

	"sojourn/internal/client"
	"sojourn/internal/record"
)

// signInCmd makes a link that signs a browser in.
type signInCmd struct {
	serverFlags
	outputFlags
}

// Run asks the running server for a link and prints it.
func (c *signInCmd) Run(a *app) error {
	var code record.SignInCode
	err := c.withRunning(a, func(server *client.Client) (err error) {
		code, err = server.SignInCode(a.ctx)
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(a.stdout).Encode(code)
	}
	if _, err := fmt.Fprintln(a.stdout, code.Link); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stderr, "It works once, until %s.\n", code.Expires.Std().Local().Format(time.Kitchen))
	return err
}
