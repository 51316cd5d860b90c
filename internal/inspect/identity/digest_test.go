package identity

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"sojourn/internal/record"
)

// TestVectors holds the formula against answers that were computed elsewhere.
func TestVectors(t *testing.T) {
	doc, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		InstallKey string `json:"install_key"`
		Vectors    []struct {
			What, Kind, Scope, Key, ID string
			Value                      []string
		}
	}
	if err := json.Unmarshal(doc, &file); err != nil || len(file.Vectors) == 0 {
		t.Fatal("no vectors", err)
	}
	d, err := newDigests(unhex(t, file.InstallKey), sessionPurpose)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range file.Vectors {
		var value []string
		for _, part := range v.Value {
			value = append(value, string(unhex(t, part)))
		}
		digest := d.get()
		if got := digest.session(record.Rung(v.Kind), v.Scope, v.Key, value...); got.String() != v.ID {
			t.Errorf("%s: got %s, want %s", v.What, got, v.ID)
		}
		d.put(digest)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
