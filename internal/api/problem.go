package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"sojourn/internal/store"
)

// problemType is the media type of every error (RFC 9457).
const problemType = "application/problem+json"

// internalDetail is all that a caller learns of a fault of ours.
const internalDetail = "an internal error; the hub's log says more"

// maxQuoted is how much of a caller's value an error repeats, in bytes.
const maxQuoted = 200

// invalid is the problem of one parameter's value. An empty name means the query
// string as a whole.
func invalid(name, value string, reason error) error {
	return unprocessable(name, value, clip(reason.Error()))
}

// unprocessable is the problem of one parameter; reason is ours, and short where it
// repeats what the caller sent.
func unprocessable(name, value, reason string) error {
	name = clip(name)
	detail, location := reason, "query"
	if name != "" {
		detail, location = name+": "+detail, location+"."+name
	}
	return huma.Error422UnprocessableEntity(detail, &huma.ErrorDetail{
		Message:  reason,
		Location: location,
		Value:    clip(value),
	})
}

// problemOf is the one place that gives an error its status. What is not known
// here is our fault: it is logged, and the caller is told no more than that.
func problemOf(err error, log *slog.Logger) error {
	var known huma.StatusError
	var full *store.NoRoomError
	refused := refusalOf(err)
	switch {
	case refused != nil:
		return refused
	case errors.As(err, &known):
		return err
	case errors.Is(err, store.ErrNotFound):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, store.ErrCursor):
		return huma.Error400BadRequest("cursor: " + clip(err.Error()) + "; start again from the first page")
	case errors.As(err, &full):
		log.Error("there is too little room", "error", err)
		return huma.NewError(http.StatusInsufficientStorage, full.Error())
	case errors.Is(err, store.ErrTooMany):
		return huma.Error422UnprocessableEntity(err.Error())
	case errors.Is(err, errBusy), errors.Is(err, errExports), errors.Is(err, errCopying):
		return huma.Error503ServiceUnavailable(err.Error())
	case errors.Is(err, store.ErrClosed):
		return huma.Error503ServiceUnavailable("the hub is stopping; try again")
	case errors.Is(err, errPolicyAway):
		log.Error("the policy cannot be reached", "error", err)
		return huma.Error503ServiceUnavailable(errPolicyAway.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return huma.Error503ServiceUnavailable(fmt.Sprintf("the query took longer than %s; narrow the time range or the filters", queryTimeout))
	case errors.Is(err, context.Canceled):
		return huma.Error503ServiceUnavailable("the query was cancelled")
	}
	log.Error("answering failed", "error", err)
	return huma.Error500InternalServerError(internalDetail)
}

// refuse answers with a problem of problemOf outside the routes that huma runs.
func (a *API) refuse(w http.ResponseWriter, err error) {
	var known huma.StatusError
	if !errors.As(err, &known) {
		panic("bug: a problem has no status: " + err.Error())
	}
	writeJSON(w, known.GetStatus(), known)
}

// writeProblem answers outside the routes that huma runs, in the same shape.
func writeProblem(w http.ResponseWriter, status int, detail string) {
	writeJSON(w, status, huma.NewError(status, detail))
}

func writeJSON(w http.ResponseWriter, status int, problem huma.StatusError) {
	body, err := json.Marshal(problem)
	if err != nil {
		panic("bug: a problem does not marshal: " + err.Error())
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

func clip(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	return strings.ToValidUTF8(s[:maxQuoted], "") + "…"
}
