package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"sojourn/internal/store"
)

// completionCmd prints a script for a shell. The script asks the binary itself
// what could come next (completeCmd), so it never goes stale.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is shown by --help after the description.
func (completionCmd) Help() string {
	return `Examples:
  source <(sojourn completion bash)                                    # in ~/.bashrc
  source <(sojourn completion zsh)                                     # in ~/.zshrc, after compinit
  sojourn completion fish > ~/.config/fish/completions/sojourn.fish`
}

// completionScripts hand the words typed so far to completeCmd. Where it offers
// nothing, the shell completes file names.
var completionScripts = map[string]string{
	"bash": `_sojourn() {
	local IFS=$'\n'
	COMPREPLY=($(sojourn complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -o nosort -F _sojourn sojourn
`,
	"zsh": `_sojourn() {
	local -a offers
	offers=("${(@f)$(sojourn complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ -n "${offers[1]}" ]]; then compadd -V sojourn -a offers; else _files; fi
}
compdef _sojourn sojourn
`,
	"fish": `complete -c sojourn -f -n 'test -n (sojourn complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null | string collect)' \
	-a '(sojourn complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
}

// Run prints the script.
func (c *completionCmd) Run(a *app) error {
	_, err := fmt.Fprint(a.stdout, completionScripts[c.Shell])
	return err
}

// completeCmd prints what could stand in place of the last word, one a line.
type completeCmd struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

// Run walks the command line as far as it goes and offers what fits there.
func (c *completeCmd) Run(a *app, k *kong.Kong) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, offer := range offers(k.Model.Node, words) {
		if _, err := fmt.Fprintln(a.stdout, offer); err != nil {
			return err
		}
	}
	return nil
}

// offers returns the commands, flags or values that the last of words may become.
func offers(at *kong.Node, words []string) (out []string) {
	last := ""
	if len(words) > 0 {
		words, last = words[:len(words)-1], words[len(words)-1]
	}
	var valueOf *kong.Flag // the flag that waits for its value
	for _, w := range words {
		switch flag := flagOf(at, w); {
		case valueOf != nil:
			valueOf = nil
		case flag != nil && !flag.IsBool():
			valueOf = flag
		case flag == nil:
			if next := commandOf(at, w); next != nil {
				at = next
			}
		}
	}
	var all []string
	switch {
	case valueOf != nil:
		all = valuesOf(valueOf.Value)
	case strings.HasPrefix(last, "-"):
		for _, group := range at.AllFlags(!wantsPrefixed(last)) {
			for _, f := range group {
				all = append(all, "--"+f.Name)
			}
		}
	default:
		for _, child := range at.Children {
			if !child.Hidden {
				all = append(all, child.Name)
			}
		}
		for _, p := range at.Positional {
			all = append(all, valuesOf(p)...)
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" || !strings.HasPrefix(s, last) })
}

// valuesOf are the values that a flag or an argument is known to take.
func valuesOf(v *kong.Value) (all []string) {
	switch v.Name {
	case "by":
		return append(groupableFields(), store.ByTime)
	case "field":
		return groupableFields()
	case "where":
		for _, f := range fieldFlags() {
			all = append(all, f.param+"=")
		}
		return all
	}
	return v.EnumSlice()
}

// wantsPrefixed reports whether a word begins one of the flags that --help does
// not list one by one, such as --not-user.
func wantsPrefixed(word string) bool {
	return slices.ContainsFunc(flagPrefixes[1:], func(p struct{ flag, param string }) bool {
		prefix := "--" + p.flag
		return strings.HasPrefix(word, prefix) || len(word) > len("--") && strings.HasPrefix(prefix, word)
	})
}

// flagOf returns the flag that a word such as --data names, unless its value is
// part of the word.
func flagOf(at *kong.Node, word string) *kong.Flag {
	name, ok := strings.CutPrefix(word, "--")
	if !ok || strings.Contains(name, "=") {
		return nil
	}
	for _, group := range at.AllFlags(false) {
		for _, f := range group {
			if f.Name == name {
				return f
			}
		}
	}
	return nil
}

func commandOf(at *kong.Node, word string) *kong.Node {
	for _, child := range at.Children {
		if child.Name == word {
			return child
		}
	}
	return nil
}
