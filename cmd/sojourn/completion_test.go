package main

import (
	"bytes"
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// complete runs the hidden command as the scripts do.
func complete(t *testing.T, words ...string) []string {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{ctx: context.Background(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
	if err := run(a, append([]string{"complete", "--"}, words...)); err != nil {
		t.Fatalf("%v: %s", err, &errs)
	}
	return strings.Fields(out.String())
}

func TestComplete(t *testing.T) {
	for name, c := range map[string]struct {
		words []string
		want  string   // all of them
		some  []string // or some of them
	}{
		"Commands":      {words: []string{""}, some: []string{"serve", "import", "sessions"}},
		"StartOfOne":    {words: []string{"se"}, want: "serve sessions"},
		"SubCommands":   {words: []string{"sessions", ""}, want: "list show requests"},
		"Flags":         {words: []string{"serve", "--up"}, want: "--upstream"},
		"FlagsOfSub":    {words: []string{"sessions", "list", "--"}, some: []string{"--host", "--json", "--data"}},
		"AfterAValue":   {words: []string{"sessions", "--data", "x", "l"}, want: "list"},
		"ValuesOfAFlag": {words: []string{"import", "--format", "c"}, want: "combined common"},
		"Arguments":     {words: []string{"completion", ""}, want: "bash zsh fish"},
		"HiddenStays":   {words: []string{"comple"}, want: "completion"},
		"Files":         {words: []string{"import", "acc"}, want: ""},
		"Nonsense":      {words: []string{"nonsense", "--nothing", ""}, some: []string{"serve"}},
		"NoWords":       {words: nil, some: []string{"serve"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := complete(t, c.words...)
			if c.some == nil && strings.Join(got, " ") != c.want {
				t.Errorf("offers %q, want %q", got, c.want)
			}
			for _, w := range c.some {
				if !slices.Contains(got, w) {
					t.Errorf("offers %q, without %s", got, w)
				}
			}
		})
	}
}

func TestCompletionScript(t *testing.T) {
	for shell, script := range completionScripts {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue // bash at least is on every machine that builds this
		}
		cmd := exec.Command(path, "-n")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s does not read its script: %v %s", shell, err, out)
		}
	}
}
