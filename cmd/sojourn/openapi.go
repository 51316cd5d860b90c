package main

import "sojourn/internal/api"

// openapiCmd prints the document of the API.
type openapiCmd struct{}

// Run prints the OpenAPI document; it needs neither a server nor data.
func (c *openapiCmd) Run(a *app) error {
	document, err := api.Document()
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(document)
	return err
}
