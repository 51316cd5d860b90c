package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The tables that the store keeps on ClickHouse.
const (
	requestsTable = "sojourn.requests"
	findingsTable = "sojourn.findings"

	engineFolder = "test/clickhouse"
)

// engineFacts is what the engine tells beside its answers.
type engineFacts struct {
	seconds float64 // to store everything
	bytes   int64
}

// engine is the ClickHouse engine behind a small server, see test/clickhouse.
type engine struct {
	address string
	process *exec.Cmd
	alive   io.Closer // the server ends when it is closed
}

// measureEngine has the engine store the requests of a folder, and asks it the
// questions that have a form in plain SQL.
func measureEngine(ctx context.Context, folder string, requests int64, asked []question, v *samples) (answers []answer, facts engineFacts, err error) {
	e, err := startEngine()
	if err != nil {
		return nil, facts, err
	}
	defer e.stop()
	beside := filepath.Join(folder, "clickhouse")
	f, err := fillEngine(ctx, folder, beside, requests, e)
	if err != nil {
		return nil, facts, err
	}
	defer os.RemoveAll(beside)
	facts.seconds = f.Seconds
	bytes, err := e.query(ctx, "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'sojourn'")
	if err != nil {
		return nil, facts, err
	}
	facts.bytes, _ = strconv.ParseInt(strings.TrimSpace(bytes), 10, 64)
	for i, q := range asked {
		if !selected(q) || q.plain == nil {
			answers = append(answers, answer{})
			continue
		}
		progress("ClickHouse: %d of %d, %s", i+1, len(asked), q.name)
		answers = append(answers, measure(ctx, *rounds, func(round int) (string, error) {
			_, err := e.query(ctx, q.plain(v, round))
			return "", err
		}))
	}
	return answers, facts, nil
}

// fillEngine makes the same requests again, for the engine: what a folder was
// filled with is remembered in it, to the end of the last day.
func fillEngine(ctx context.Context, folder, beside string, requests int64, e *engine) (f filled, err error) {
	if err := os.RemoveAll(beside); err != nil {
		return f, err
	}
	if err := os.MkdirAll(beside, 0o700); err != nil {
		return f, err
	}
	const remembered = "generated.json"
	text, err := os.ReadFile(filepath.Join(folder, remembered))
	if err != nil {
		return f, err
	}
	if err := os.WriteFile(filepath.Join(beside, remembered), text, 0o600); err != nil {
		return f, err
	}
	var was struct{ Until string }
	if err := json.Unmarshal(text, &was); err != nil {
		return f, err
	}
	return fill(ctx, beside, requests, "--until", was.Until, "--days", strconv.Itoa(*days), "--store", "clickhouse+http://"+e.address+"/sojourn")
}

func startEngine() (*engine, error) {
	e := &engine{process: exec.Command("node", "server.js")}
	e.process.Dir, e.process.Stderr = engineFolder, os.Stderr
	var err error
	if e.alive, err = e.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := e.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := e.process.Start(); err != nil {
		return nil, fmt.Errorf("the ClickHouse engine (make bench-store installs it): %w", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if e.address = strings.TrimSpace(line); err != nil {
		e.stop()
		return nil, fmt.Errorf("the ClickHouse engine does not start: is npm ci done in %s? %w", engineFolder, err)
	}
	return e, nil
}

func (e *engine) stop() {
	e.alive.Close()
	patient := time.AfterFunc(stopPatience, func() { e.process.Process.Kill() })
	defer patient.Stop()
	e.process.Wait()
}

// query asks in plain SQL. Answers are not to come from a cache of what an equal
// condition found before.
func (e *engine) query(ctx context.Context, sql string) (string, error) {
	at := url.URL{Scheme: "http", Host: e.address, RawQuery: url.Values{
		"default_format": {"TabSeparated"}, "use_query_condition_cache": {"0"},
	}.Encode()}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), strings.NewReader(sql))
	if err != nil {
		return "", err
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err == nil && w.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", sql, text)
	}
	return string(text), err
}
