package clickhouse_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// serverDir is where the test server and its packages are.
const serverDir = "../../../test/clickhouse"

// fewRows are settings for tables of a few rows, where planning a statement costs
// more than running it.
const fewRows = "?compile_expressions=0&compile_aggregate_expressions=0&compile_sort_description=0&max_threads=1"

// server is a ClickHouse engine in a process of its own.
type server struct {
	address   string
	databases atomic.Int64
}

// startServer starts the engine for one test and what it runs. Without its
// packages the test is skipped, but never where CI says that all must run.
func startServer(t testing.TB) *server {
	t.Helper()
	_, err := os.Stat(filepath.Join(serverDir, "node_modules", "chdb", "package.json"))
	node, lookErr := exec.LookPath("node")
	if err != nil || lookErr != nil {
		const todo = "the ClickHouse engine that this test runs on is not installed: run `make test-clickhouse`, or `npm install` in test/clickhouse (it needs Node 20 and 550 MB)"
		if os.Getenv("CI") != "" {
			t.Fatal(todo)
		}
		t.Skip(todo)
	}
	process := exec.Command(node, "server.js")
	process.Dir, process.Stderr = serverDir, os.Stderr
	alive, err := process.StdinPipe() // the server ends with it, also when this process is killed
	if err != nil {
		t.Fatal(err)
	}
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		alive.Close()
		process.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the ClickHouse server did not start: %v", err)
	}
	return &server{address: strings.TrimSpace(line)}
}

// database returns the URL of a database that is not there yet, and drops it when
// the test is over.
func (s *server) database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", s.databases.Add(1))
	t.Cleanup(func() { s.sql(t, "DROP DATABASE IF EXISTS "+name) })
	return "clickhouse+http://" + s.address + "/" + name + fewRows
}

// sql runs a statement beside the store and returns its answer, tab separated.
func (s *server) sql(t testing.TB, statement string) string {
	t.Helper()
	answer, err := http.Post("http://"+s.address+"/?default_format=TSV", "text/plain", strings.NewReader(statement))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", statement, answer.Status, body, err)
	}
	return strings.TrimSpace(string(body))
}
