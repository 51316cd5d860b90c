// Package sojourn holds nothing but the test of the project's structure.
package sojourn

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is the import table of ARCHITECTURE.md: a room, and the rooms of ours
// that it may import. A room covers the folders below it unless they have a line
// of their own. cmd/sojourn may import all.
var mayImport = map[string][]string{
	"internal/record":           {},
	"internal/policy":           {"internal/record"},
	"internal/exchange":         {"internal/record"},
	"internal/geo":              {"internal/record"},
	"internal/inspect/point":    {"internal/exchange", "internal/record"},
	"internal/inspect/identity": {"internal/inspect/point", "internal/policy", "internal/record"},
	"internal/inspect/jwks":     {"internal/policy", "internal/record"},
	"internal/inspect/endpoint": {"internal/inspect/point", "internal/policy", "internal/record"},
	"internal/inspect":          {"internal/inspect", "internal/exchange", "internal/geo", "internal/policy", "internal/record"},
	"internal/source":           {"internal/exchange", "internal/policy", "internal/record"},
	"middleware":                {"internal/exchange", "internal/inspect", "internal/bus", "internal/policy", "internal/record"},
	"internal/bus":              {"internal/record"},
	"internal/ledger":           {"internal/bus", "internal/policy", "internal/record"},
	"internal/store":            {"internal/record", "internal/store"},
	"internal/analyze":          {"internal/record", "internal/policy", "internal/store", "internal/ledger", "internal/bus"},
	"internal/export":           {"internal/record"},
	"internal/api":              {"internal/record", "internal/policy", "internal/store", "internal/export"},
	"internal/client":           {"internal/record"},
	"internal/console":          {"internal/record"},
	"internal/demo":             {"internal/record"},
	"internal/generate":         {"internal/record"},
	"cmd/sojourn":               {"internal", "middleware"},
	"test":                      {},
}

// contractOnly are rooms of which only the top folder may be imported by the
// rooms named: they know the contract, the binary introduces an implementation.
var contractOnly = map[string][]string{
	"internal/store": {"internal/api", "internal/analyze"},
}

// onlyIn are modules that one room alone may import, and why.
var onlyIn = []struct{ module, room, why string }{
	{"github.com/duckdb/", "internal/store/duckdb", "it is the only cgo: everything else builds and tests in seconds"},
	{"github.com/ClickHouse/", "internal/store/clickhouse", "the contract is all that the others know of a store"},
	{"github.com/nats-io/", "internal/bus", "everybody else speaks of records, not of messages"},
	{"github.com/alecthomas/kong", "cmd/sojourn", "flags belong to the binary"},
}

const module = "sojourn"

type pkg struct {
	ImportPath, Doc, Name string
	Imports               []string
	GoFiles, CgoFiles     []string
}

func packages(t *testing.T) (all []pkg) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Doc,Name,Imports,GoFiles,CgoFiles", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p pkg
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages", len(all))
	}
	return all
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		path, ours := strings.CutPrefix(p.ImportPath, module+"/")
		if !ours {
			continue
		}
		room, ok := roomOf(path)
		if !ok {
			t.Errorf("%s is in no room of the import table: add a line to arch_test.go and ARCHITECTURE.md", path)
			continue
		}
		for _, imported := range p.Imports {
			target, ours := strings.CutPrefix(imported, module+"/")
			if ours && !allowed(room, path, target) {
				t.Errorf("%s imports %s, which its room %s may not: the binary introduces siblings", path, target, room)
			}
			for _, only := range onlyIn {
				if strings.HasPrefix(imported, only.module) && !inRoom(path, only.room) {
					t.Errorf("%s imports %s; only %s may: %s", path, imported, only.room, only.why)
				}
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" && len(p.GoFiles)+len(p.CgoFiles) > 0 {
			t.Errorf("%s has no package comment: say what the room is for and who may enter", p.ImportPath)
		}
		for _, bad := range []string{"util", "utils", "common", "helpers", "models", "misc"} {
			if p.Name == bad {
				t.Errorf("%s: a package is named after what it holds, not %q", p.ImportPath, bad)
			}
		}
	}
}

// roomOf returns the longest line of the table that path lies in.
func roomOf(path string) (best string, ok bool) {
	for room := range mayImport {
		if inRoom(path, room) && len(room) >= len(best) {
			best, ok = room, true
		}
	}
	return best, ok
}

func allowed(room, path, target string) bool {
	if siblings := inRoom(target, "internal/source") && inRoom(path, "internal/source"); siblings {
		return inRoom(target, path) || inRoom(path, target)
	}
	for contract, rooms := range contractOnly {
		if inRoom(target, contract) && target != contract && slices.Contains(rooms, room) {
			return false
		}
	}
	return slices.ContainsFunc(mayImport[room], func(r string) bool { return inRoom(target, r) })
}

func inRoom(path, room string) bool { return path == room || strings.HasPrefix(path, room+"/") }
