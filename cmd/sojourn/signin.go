package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// signInCmd makes a link that signs a browser in.
type signInCmd struct {
	serverFlags
	outputFlags
}

// Run asks the running server for a link and prints it.
func (c *signInCmd) Run(a *app) error {
	server, err := c.reach()
	if errors.Is(err, errNoServer) {
		return fmt.Errorf("no server runs on the data folder %s: start one with `sojourn serve --data %s`", c.Data, c.Data)
	}
	if err != nil {
		return err
	}
	code, err := server.SignInCode(a.ctx)
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
