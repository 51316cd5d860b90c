// Package console embeds the built console and serves it with the headers that
// keep a page from doing anything but what we wrote. It knows no API: the binary
// puts the API's checks in front of it.
package console

import (
	"crypto/rand"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
)

// dist is what the console's build writes; only .gitkeep is in the repository,
// so that Go builds without Node.
//
//go:embed all:dist
var dist embed.FS

const (
	indexName = "index.html"
	// noncePlaceholder stands in index.html where the nonce of a response goes.
	noncePlaceholder = "__CSP_NONCE__"
	// assetsPrefix is where files are named by a hash of their content.
	assetsPrefix = "/assets/"
)

const unbuiltPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sojourn</title>
<h1>This binary was built without the console</h1>
<p>Run <code>make build</code>, which builds the console first. The API works without it.
`

// Console is the http.Handler of the console's pages and files.
type Console struct {
	index []string // index.html, cut at the places where the nonce goes
	files map[string]*file
}

// New returns the console that was built into this binary, or a page that says
// that there is none.
func New() (*Console, error) {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("the embedded console: %w", err)
	}
	return newConsole(built)
}

func newConsole(built fs.FS) (*Console, error) {
	files, err := load(built)
	if err != nil {
		return nil, fmt.Errorf("the embedded console: %w", err)
	}
	page := unbuiltPage
	if index, ok := files["/"+indexName]; ok {
		page = string(index.plain)
		delete(files, "/"+indexName)
	}
	return &Console{index: strings.Split(page, noncePlaceholder), files: files}, nil
}

// ServeHTTP answers a file of the console, or the console itself for every path
// that it may know as a page of its own.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the console takes only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	f, known := c.files[r.URL.Path]
	switch {
	case known:
		secure(w.Header(), "")
		f.serve(w, r)
	case strings.HasPrefix(r.URL.Path, assetsPrefix), strings.HasPrefix(r.URL.Path, "/api/"):
		secure(w.Header(), "")
		http.Error(w, "there is no such file", http.StatusNotFound)
	default:
		c.serveIndex(w)
	}
}

// serveIndex sends the page with a nonce of its own, so it is never cached.
func (c *Console) serveIndex(w http.ResponseWriter) {
	nonce := rand.Text()
	secure(w.Header(), nonce)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write([]byte(strings.Join(c.index, nonce)))
}
