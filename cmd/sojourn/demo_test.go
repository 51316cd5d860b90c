package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDemoCommand(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	forwarded := make(chan string, 1)
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case forwarded <- r.Header.Get("X-Forwarded-For"):
		default:
		}
	})}
	go server.Serve(proxy)
	defer server.Close()

	said, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		cmd := demoCmd{API: "127.0.0.1:0", Target: "http://" + proxy.Addr().String(), Rate: 500, Seed: 1}
		ended <- cmd.Run(&app{ctx: ctx, stdout: stdout, stderr: io.Discard})
		stdout.Close()
	}()
	lines := bufio.NewScanner(said)
	lines.Scan()
	api, ok := strings.CutPrefix(lines.Text(), "Demo API on ")
	if !ok {
		t.Fatalf("first line %q", lines.Text())
	}
	go io.Copy(io.Discard, said)
	resp, err := http.Get(api + "/v2/products")
	if err != nil || resp.StatusCode != 200 && resp.StatusCode < 500 {
		t.Errorf("products: %v %v", resp, err)
	}
	resp.Body.Close()
	if ip := <-forwarded; net.ParseIP(ip) == nil {
		t.Errorf("X-Forwarded-For %q", ip)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("interrupted: %v", err)
	}
}

func TestDemoCommandWritesHAR(t *testing.T) {
	file := filepath.Join(t.TempDir(), "past.har")
	var said bytes.Buffer
	a := &app{ctx: t.Context(), stdout: io.Discard, stderr: &said}
	if err := (&demoCmd{HAR: file, Days: 1, Seed: 1}).Run(a); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil || !json.Valid(text) || !strings.Contains(said.String(), "requests of 1 days") {
		t.Errorf("%d bytes, %v, said %q", len(text), err, said.String())
	}
}

func TestDemoCommandRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		cmd  demoCmd
		want string
	}{
		{demoCmd{NoTraffic: true}, "nothing to do"},
		{demoCmd{API: taken.Addr().String(), NoTraffic: true}, "--api"},
		{demoCmd{Target: "nowhere"}, "target"},
		{demoCmd{Target: "http://127.0.0.1:1", Rate: -1}, "rate"},
		{demoCmd{HAR: filepath.Join(t.TempDir(), "no", "such")}, "--har"},
		{demoCmd{HAR: "-", Days: -1}, "--days"},
	} {
		err := c.cmd.Run(&app{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want a word on %s", c.cmd, err, c.want)
		}
	}
}
