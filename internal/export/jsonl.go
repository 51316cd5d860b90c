package export

import (
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// jsonOptions write documents as the API does: lists are never null, and bytes
// that are not UTF-8 become the replacement character.
var jsonOptions = json.JoinOptions(json.Deterministic(true), jsontext.AllowInvalidUTF8(true))

// jsonLines writes one document a line (https://jsonlines.org).
type jsonLines[T any] struct {
	w     io.Writer
	lines []byte // reused
}

// Write implements Writer.
func (j *jsonLines[T]) Write(rows []T) error {
	j.lines = j.lines[:0]
	for i := range rows {
		b, err := json.Marshal(&rows[i], jsonOptions)
		if err != nil {
			return err
		}
		j.lines = append(append(j.lines, b...), '\n')
	}
	_, err := j.w.Write(j.lines)
	return err
}

// Close implements Writer.
func (j *jsonLines[T]) Close() error { return nil }
