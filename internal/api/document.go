package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const documentType = "application/openapi+json"

// Document returns the OpenAPI 3.1 document of the API, indented. It is made
// from the routes and the types of their answers.
func Document() ([]byte, error) {
	h := newHuma(&routes{})
	(&API{policy: new(PolicyConfig), care: new(CareConfig)}).route(h)
	return marshalDocument(h)
}

func newHuma(m *routes) huma.API {
	return humago.New(m, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       "Sojourn",
				Version:     "1",
				Description: "The sessions of your APIs: which requests belong together, and what they did.",
				License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Components: &huma.Components{
				Schemas:    newRegistry(),
				Parameters: sharedParams(),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"token":  {Type: "http", Scheme: "bearer", Description: "The admin token of the data folder"},
					"cookie": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "What a browser gets for its sign-in link"},
				},
			},
		},
		// The second is how huma looks up problems, by the suffix +json.
		Formats:       map[string]huma.Format{"application/json": jsonFormat(), "json": jsonFormat()},
		DefaultFormat: "application/json",
	})
}

func marshalDocument(h huma.API) ([]byte, error) {
	b, err := json.MarshalIndent(h.OpenAPI(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("the OpenAPI document: %w", err)
	}
	return append(b, '\n'), nil
}

func (a *API) serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", documentType)
	_, _ = w.Write(a.document)
}
