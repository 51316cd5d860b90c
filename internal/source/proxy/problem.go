package proxy

import (
	"encoding/json"
	"net/http"
	"strconv"

	"sojourn/internal/record"
)

// problem is the body of a response that the proxy makes itself, RFC 9457. It
// tells clients nothing about what is behind the proxy.
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance,omitempty"` // the request's id, to be found in the console
}

func writeProblem(w http.ResponseWriter, status int, detail string, id record.RequestID) (size int) {
	p := problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
	if id != (record.RequestID{}) {
		p.Instance = id.String()
	}
	body, err := json.Marshal(p)
	if err != nil {
		panic("bug: problem does not marshal: " + err.Error())
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	size, _ = w.Write(body) // a client that is gone needs no error
	return size
}
