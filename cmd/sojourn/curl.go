package main

import (
	"fmt"
	"net/url"

	"sojourn/internal/client"
	"sojourn/internal/record"
)

// curlCmd prints one request as a curl command.
type curlCmd struct {
	serverFlags
	outputFlags
	ID string `arg:"" help:"Request id."`
}

// Run prints the command on standard output, what it lacks on standard error.
func (c *curlCmd) Run(a *app) error {
	return show(a, &c.serverFlags, c.JSON, document[record.Curl]{
		path: "requests/" + url.PathEscape(c.ID) + "/curl",
		ask:  func(server *client.Client) (record.Curl, error) { return server.Curl(a.ctx, c.ID) },
		print: func(s *screen, v record.Curl) error {
			for _, note := range v.Notes {
				fmt.Fprintln(a.stderr, "note:", visible(note))
			}
			// As it is, to be run: nothing in it moves the cursor, as its writer promises.
			_, err := fmt.Fprintln(s, v.Command)
			return err
		},
	})
}
