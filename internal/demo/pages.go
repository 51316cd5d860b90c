package demo

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The shop's own page: it works, so that a person with a browser can join the
// traffic.
var (
	//go:embed static/index.html
	indexHTML string
	//go:embed static/app.js
	appJS []byte
	//go:embed static/app.css
	appCSS []byte
)

// pages serves all that is not the API: the page, its files, pictures, and what
// search engines ask for. Everything is made once and cacheable by its digest.
type pages struct {
	files map[string]page
}

type page struct {
	kind string
	body []byte
	etag string
}

func newPages(seed uint64, products []product) *pages {
	p := &pages{files: make(map[string]page)}
	p.add("/static/app.js", "text/javascript; charset=utf-8", appJS)
	p.add("/static/app.css", "text/css; charset=utf-8", appCSS)
	p.add("/robots.txt", "text/plain; charset=utf-8", []byte("User-agent: *\nDisallow: /v2/\nSitemap: /sitemap.xml\n"))

	index := template.Must(template.New("index").Parse(indexHTML))
	visitor, _ := personOf(seed, firstCustomer)
	write := func(path, title string) {
		var b bytes.Buffer
		if err := index.Execute(&b, map[string]string{"Title": title, "User": visitor.email, "Password": visitor.password}); err != nil {
			panic("bug: the embedded page does not render: " + err.Error())
		}
		p.add(path, "text/html; charset=utf-8", b.Bytes())
	}
	write("/", "Fernhill")
	urls := &strings.Builder{}
	for _, it := range products {
		write(pagePath(it.ID), it.Name+" · Fernhill")
		p.add(it.Image, "image/svg+xml", picture(it))
		fmt.Fprintf(urls, "<url><loc>http://%s%s</loc></url>\n", Host, pagePath(it.ID))
	}
	p.add("/sitemap.xml", "application/xml",
		[]byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"+urls.String()+"</urlset>\n"))
	return p
}

func pagePath(product int) string { return "/p/" + strconv.Itoa(product) }

func (p *pages) add(path, kind string, body []byte) {
	sum := sha256.Sum256(body)
	p.files[path] = page{kind: kind, body: body, etag: `"` + hex.EncodeToString(sum[:8]) + `"`}
}

// ServeHTTP answers GET and HEAD, with 304 where the client has it already.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := p.files[r.URL.Path]
	if !ok {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("<!doctype html><title>Not found</title><p>There is no such page. <a href=\"/\">To the shop</a>\n"))
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.etag)
	h.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

// picture draws a product: shapes and colours follow from its number.
func picture(p product) []byte {
	r := draw(uint64(p.ID), placeCatalogue)
	b := &bytes.Buffer{}
	hue := r.IntN(360)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 90" role="img" aria-label="%s"><rect width="120" height="90" fill="hsl(%d 30%% 92%%)"/>`, p.Name, hue)
	for range 6 + r.IntN(30) {
		fmt.Fprintf(b, `<circle cx="%d" cy="%d" r="%d" fill="hsl(%d 40%% %d%%)" opacity=".6"/>`,
			r.IntN(120), r.IntN(90), 4+r.IntN(22), (hue+r.IntN(60))%360, 35+r.IntN(40))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// oldVersion sends callers of the first API to the second.
func oldVersion(w http.ResponseWriter, r *http.Request) {
	to := *r.URL
	to.Path = "/v2/" + strings.TrimPrefix(to.Path, "/v1/")
	to.RawPath = ""
	http.Redirect(w, r, to.RequestURI(), http.StatusMovedPermanently)
}
