// Command sojourn is the whole product: one binary whose sub-commands compose
// the rooms under internal/. It is the only place that knows everyone.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// app is what a sub-command gets from the world: nothing reads os.Stdin or
// writes os.Stdout behind its back, so tests run commands in process.
type app struct {
	ctx            context.Context // done at the first signal to stop
	stdin          io.Reader
	stdout, stderr io.Writer
}

// commands are the sub-commands, one file each.
type commands struct {
	Version kong.VersionFlag `help:"Print the version and exit."`

	Serve serveCmd `cmd:"" help:"Watch traffic: proxy, store, API and console." group:"Run"`
	Node  nodeCmd  `cmd:"" help:"Run only the process that sees traffic." group:"Run"`
	Hub   hubCmd   `cmd:"" help:"Run only the process that stores and serves." group:"Run"`
	Demo  demoCmd  `cmd:"" help:"Run the demo API and demo traffic, or write past traffic as HAR." group:"Run"`

	Import   importCmd   `cmd:"" help:"Import access logs and HAR files." group:"Read"`
	Generate generateCmd `cmd:"" help:"Fill a data folder with made-up traffic, to see how large a machine must be." group:"Read"`

	Sessions sessionsCmd `cmd:"" help:"List and show sessions." group:"Explore"`
	Requests requestsCmd `cmd:"" help:"Show a request, and why it is in its session." group:"Explore"`
	Values   valuesCmd   `cmd:"" help:"List the values of a field, with how many requests have each." group:"Explore"`
	Query    queryCmd    `cmd:"" help:"Count requests by groups: top lists, time series, aggregates." group:"Explore"`
	Export   exportCmd   `cmd:"" help:"Write requests or sessions as CSV, JSON lines, HAR or Parquet." group:"Explore"`
	Curl     curlCmd     `cmd:"" help:"Print one request as a curl command, as far as it is known." group:"Explore"`
	Explain  explainCmd  `cmd:"" help:"Tell the ladder of keys that led a request to its session." group:"Explore"`
	System   systemCmd   `cmd:"" help:"Show the state of the installation." group:"Explore"`
	SignIn   signInCmd   `cmd:"" help:"Print a link that signs a browser in to the console, once." group:"Explore"`

	Inspect inspectCmd `cmd:"" help:"Inspect the entries of a HAR file: which session, why, and what is kept." group:"Set up"`
	Keys    keysCmd    `cmd:"" help:"Show the built-in session keys, in their order." group:"Set up"`
	Policy  policyCmd  `cmd:"" help:"Check, show and change the policy." group:"Set up"`
	Openapi openapiCmd `cmd:"" name:"openapi" help:"Print the OpenAPI document of the API." group:"Set up"`

	Backup  backupCmd  `cmd:"" help:"Copy the data folder, while it is in use or not." group:"Look after"`
	Restore restoreCmd `cmd:"" help:"Make a data folder of a backup." group:"Look after"`
	Doctor  doctorCmd  `cmd:"" help:"Check a data folder, and mend it." group:"Look after"`
	Erase   eraseCmd   `cmd:"" help:"Remove the requests of a user or a session." group:"Look after"`

	Completion completionCmd `cmd:"" help:"Print the script that makes a shell complete sojourn." group:"Set up"`
	Complete   completeCmd   `cmd:"" hidden:""`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	if os.Getenv(supervisedEnv) == "" { // else a second signal is the supervisor's, after that of the system
		context.AfterFunc(ctx, func() {
			time.Sleep(sameSignal)
			stop() // the next signal ends the process at once
		})
	}
	a := &app{ctx: ctx, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	err := run(a, os.Args[1:])
	stop()
	if err == nil {
		return
	}
	var child *childError
	if !errors.As(err, &child) || !child.told() {
		fmt.Fprintln(a.stderr, "sojourn:", err)
	}
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		os.Exit(coded.ExitCode())
	}
	os.Exit(1)
}

// stopSignals ask for a graceful stop. A closed terminal does, unless nohup was
// told to ignore it.
func stopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// sameSignal is how soon after the first signal another one counts as the same:
// timeout(1) and others signal a process, and its group at once.
const sameSignal = 500 * time.Millisecond

// run parses args and runs one sub-command.
func run(a *app, args []string) error {
	var cli commands
	addFieldFlags(reflect.ValueOf(&cli).Elem())
	exited := false
	parser, err := kong.New(&cli,
		kong.Name("sojourn"),
		kong.Description("API session tracker: watches HTTP traffic and groups it into sessions."),
		kong.Writers(a.stdout, a.stderr),
		kong.Exit(func(int) { exited = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.ExplicitGroups([]kong.Group{filterGroup}),
		kong.Vars{"version": version, "sorts": sortNames(), "measures": measureNames()},
		kong.WithHyphenPrefixedParameters(true), // --from -24h
	)
	if err != nil {
		return err
	}
	ctx, err := parser.Parse(args)
	if exited {
		return nil
	}
	if err != nil {
		return usageError{err}
	}
	return ctx.Run(a)
}

// usageError is a command line that could not be read.
type usageError struct{ error }

// ExitCode is 2, as shells expect of a wrong command line.
func (usageError) ExitCode() int { return exitUsage }

// Unwrap returns the parser's error.
func (e usageError) Unwrap() error { return e.error }

const exitUsage = 2
