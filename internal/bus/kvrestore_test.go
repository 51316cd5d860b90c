package bus

import (
	"fmt"
	"testing"
)

// TestKVRestore: values keep the revisions that they had elsewhere, and go on after
// them.
func TestKVRestore(t *testing.T) {
	for _, from := range []uint64{1, 2, 400} {
		t.Run(fmt.Sprint("From=", from), func(t *testing.T) {
			dir := t.TempDir()
			server, conn := open(t, dir, "127.0.0.1:0", DefaultMaxBytes)
			k := conn.KV(testKV)
			entries := []Entry{{Value: []byte("a"), Revision: from}, {Value: []byte("b"), Revision: from + 1}}
			if err := k.Restore(t.Context(), "key", nil); err != nil {
				t.Errorf("nothing: %v", err)
			}
			if err := k.Restore(t.Context(), "key", entries); err != nil {
				t.Fatal(err)
			}
			if err := k.Restore(t.Context(), "key", entries); err == nil {
				t.Error("restored over what is there")
			}
			if err := server.Restart(); err != nil {
				t.Fatal(err)
			}
			if err := conn.Reach(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if got, err := k.GetRevision(t.Context(), "key", e.Revision); err != nil || string(got.Value) != string(e.Value) {
					t.Errorf("revision %d: %+v, %v", e.Revision, got, err)
				}
			}
			if next := put(t, k, "c", from+1); next != from+2 {
				t.Errorf("the next revision is %d, want %d", next, from+2)
			}
		})
	}
	_, conn := open(t, t.TempDir(), "127.0.0.1:0", DefaultMaxBytes)
	gap := []Entry{{Value: []byte("a"), Revision: 4}, {Value: []byte("b"), Revision: 6}}
	if err := conn.KV(testKV).Restore(t.Context(), "key", gap); err == nil {
		t.Error("restored with a gap")
	}
}
