package main

import (
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"sojourn/internal/inspect"
	"sojourn/internal/policy"
	"sojourn/internal/record"
)

// commonFlags are the flags of every process that serves.
type commonFlags struct {
	Data     string `help:"Data folder. Default: ${default}." default:"./data" type:"path" placeholder:"DIR"`
	Policy   string `help:"Policy file (YAML)." type:"path" placeholder:"FILE"`
	LogLevel string `help:"Least level that is logged: debug, info, warn, error. Default: ${default}." default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL"`
}

// args returns the command line that gives another process these flags.
func (f *commonFlags) args() []string {
	args := []string{"--data", f.Data, "--log-level", f.LogLevel}
	if f.Policy != "" {
		args = append(args, "--policy", f.Policy)
	}
	return args
}

// logger writes to standard error, one line an event.
func (f *commonFlags) logger(a *app) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level})).With("pid", os.Getpid())
}

// outliveReaders keeps the process up when whoever reads its output goes away: Go
// ends a process that writes to such a pipe, and with it the traffic.
func outliveReaders() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// loadPolicy reads the policy file, or returns the built-in policy.
func (f *commonFlags) loadPolicy() (*policy.Policy, error) {
	if f.Policy == "" {
		return policy.Default(), nil
	}
	pol, _, err := policy.Load(f.Policy, inspect.Check)
	return pol, err
}

// revision is what requests carry that were judged by what loadPolicy returned.
func (f *commonFlags) revision() uint64 {
	if f.Policy == "" {
		return 0
	}
	return record.FileRevision
}
