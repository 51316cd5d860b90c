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
		"Commands":        {words: []string{""}, some: []string{"serve", "import", "sessions"}},
		"StartOfOne":      {words: []string{"se"}, want: "serve sessions"},
		"SubCommands":     {words: []string{"sessions", ""}, want: "list count show requests neighbours"},
		"Flags":           {words: []string{"serve", "--up"}, want: "--upstream"},
		"FlagsOfSub":      {words: []string{"sessions", "list", "--"}, some: []string{"--host", "--json", "--data"}},
		"AfterAValue":     {words: []string{"sessions", "--data", "x", "l"}, want: "list"},
		"ValuesOfAFlag":   {words: []string{"import", "--format", "c"}, want: "combined common"},
		"FlagsOfFields":   {words: []string{"export", "--us"}, want: "--user-agent --user"},
		"PrefixedFlags":   {words: []string{"export", "--not-has-us"}, want: "--not-has-user-agent --not-has-user"},
		"StartOfAPrefix":  {words: []string{"sessions", "list", "--ha"}, some: []string{"--has-user", "--has-status"}},
		"FieldsToGroupBy": {words: []string{"query", "--by", "t"}, want: "time"},
		"Measures":        {words: []string{"query", "--measure", "p9"}, want: "p95 p99"},
		"Fields":          {words: []string{"values", "ro"}, want: "role"},
		"AnyFilter":       {words: []string{"sessions", "count", "--where", "not.has.ro"}, want: "not.has.role="},
		"Sorts":           {words: []string{"sessions", "list", "--sort", ""}, want: "started ended duration requests attacks bytes"},
		"Arguments":       {words: []string{"completion", ""}, want: "bash zsh fish"},
		"HiddenStays":     {words: []string{"comple"}, want: "completion"},
		"Files":           {words: []string{"import", "acc"}, want: ""},
		"Nonsense":        {words: []string{"nonsense", "--nothing", ""}, some: []string{"serve"}},
		"NoWords":         {words: nil, some: []string{"serve"}},
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
