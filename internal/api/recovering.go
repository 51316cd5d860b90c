package api

import (
	"log/slog"
	"net/http"
	"runtime/debug"
)

// recovering turns a panic of next into an answer that tells nothing of the
// inside. When an answer was begun, it breaks the connection instead, so that
// nobody takes a part for the whole.
func recovering(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := &begunWriter{ResponseWriter: w}
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			log.Error("answering panicked", "panic", p, "method", r.Method, "path", r.URL.Path, "stack", string(debug.Stack()))
			if begun.begun {
				panic(http.ErrAbortHandler)
			}
			writeProblem(w, http.StatusInternalServerError, internalDetail)
		}()
		next.ServeHTTP(begun, r)
	})
}

// begunWriter knows whether an answer was begun.
type begunWriter struct {
	http.ResponseWriter
	begun bool
}

func (w *begunWriter) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *begunWriter) Write(b []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is inside.
func (w *begunWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
