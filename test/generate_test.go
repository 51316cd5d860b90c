package test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestGenerateLive sends made-up requests to a running server, all of which it
// stores.
func TestGenerateLive(t *testing.T) {
	t.Parallel()
	s := serve(t, folder(t), "--upstream", "http://"+freeAddress(t))
	var sent struct{ Sent, Lost uint64 }
	if err := json.Unmarshal([]byte(must(t, "generate", "--data", s.data, "--rate", "400", "--for", "2s", "--json")), &sent); err != nil {
		t.Fatal(err)
	}
	if sent.Lost > 0 || sent.Sent < 100 || sent.Sent > 900 {
		t.Fatalf("%+v in 2 seconds at 400 a second", sent)
	}
	eventually(t, "everything is stored", func() error {
		var system struct {
			Writer struct{ Stored, Skipped uint64 }
		}
		if err := json.Unmarshal([]byte(must(t, "system", "--data", s.data, "--json")), &system); err != nil {
			return err
		}
		if system.Writer.Stored != sent.Sent || system.Writer.Skipped > 0 {
			return fmt.Errorf("%+v of %d", system.Writer, sent.Sent)
		}
		return nil
	})
	s.stop(t)
}
