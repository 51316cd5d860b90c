package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

const (
	// assetAge is how long a browser may keep a file that is named by its content.
	assetAge = 365 * 24 * time.Hour
	// minGzipGain is how many bytes compression must save to be worth it.
	minGzipGain = 256
)

// types are the content types of the files that a build makes. The system's own
// table is not asked: a machine may map .js to text/plain, and then no page loads.
var types = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".txt":         "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json",
	".woff2":       "font/woff2",
}

// file is one file of the console, ready to send.
type file struct {
	plain       []byte
	gzip        []byte // nil when it would not be much smaller
	contentType string
	etag        string
	immutable   bool
}

// load reads all files of a build, by the path that they are served under.
// Hidden files stay out.
func load(built fs.FS) (map[string]*file, error) {
	files := map[string]*file{}
	err := fs.WalkDir(built, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		content, err := fs.ReadFile(built, name)
		if err != nil {
			return err
		}
		files["/"+name], err = newFile("/"+name, content)
		return err
	})
	return files, err
}

func newFile(name string, content []byte) (*file, error) {
	digest := sha256.Sum256(content)
	f := &file{
		plain:       content,
		contentType: types[path.Ext(name)],
		etag:        hex.EncodeToString(digest[:8]),
		immutable:   strings.HasPrefix(name, assetsPrefix),
	}
	if f.contentType == "" {
		f.contentType = "application/octet-stream"
	}
	packed, err := compress(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(packed)+minGzipGain <= len(content) {
		f.gzip = packed
	}
	return f, nil
}

func compress(content []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// serve sends the file, compressed when the browser takes it. ServeContent adds
// conditional requests and ranges.
func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "no-cache")
	if f.immutable {
		h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d, immutable", int(assetAge/time.Second)))
	}
	body, etag := f.plain, f.etag
	if f.gzip != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			body, etag = f.gzip, f.etag+"-gzip"
		}
	}
	h.Set("ETag", strconv.Quote(etag))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3).
func acceptsGzip(r *http.Request) bool {
	for _, coding := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, parameters, err := mime.ParseMediaType(strings.TrimSpace(coding))
		if err != nil || name != "gzip" {
			continue
		}
		weight, err := strconv.ParseFloat(parameters["q"], 64)
		return parameters["q"] == "" || err == nil && weight > 0
	}
	return false
}
