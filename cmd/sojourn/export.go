package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/term"

	"sojourn/internal/client"
)

// exportCmd writes requests or sessions in a format for other programs.
type exportCmd struct {
	serverFlags
	filterFlags
	sortFlags
	Format   string `help:"csv, jsonl, har or parquet." enum:"csv,jsonl,har,parquet" required:"" placeholder:"FORMAT"`
	Output   string `short:"o" help:"File to write. Standard output, when not given." type:"path" placeholder:"FILE"`
	Sessions bool   `help:"Write sessions instead of requests, a row for each UTC day of one: csv or jsonl."`
}

// Help is shown by --help after the description.
func (exportCmd) Help() string {
	return `Requests come oldest first. A file appears under its name when it is whole; what
is printed is whole when the command succeeds.

Examples:
  sojourn export --format parquet -o week.parquet
  sojourn export --format har --session 9d71154dadd331c60b2f3a41c1d0e5aa -o session.har
  sojourn export --format csv --sessions --from -24h --has-status 5xx`
}

// Run writes the export.
func (c *exportCmd) Run(a *app) error {
	path, filters := "export", c.filterFlags.values()
	c.sortFlags.add(filters)
	filters.Set("format", c.Format)
	if c.Sessions {
		path = "sessions/export"
	}
	if c.Output == "" || c.Output == "-" {
		if f, ok := a.stdout.(*os.File); ok && c.Format == "parquet" && term.IsTerminal(int(f.Fd())) {
			return usageError{errors.New("parquet is nothing to read on a terminal: name a file with -o")}
		}
		return c.with(a, func(server *client.Client) error {
			err := server.Export(a.ctx, path, filters, a.stdout)
			if refused := new(client.Problem); err == nil || errors.As(err, &refused) {
				return err // a refusal printed nothing
			}
			return fmt.Errorf("what was printed is not the whole export: %w", err)
		})
	}
	return c.with(a, func(server *client.Client) error { return c.write(a, server, path, filters) })
}

// write fills a file beside the one that was asked for, which takes its name when
// it is whole.
func (c *exportCmd) write(a *app, server *client.Client, path string, filters url.Values) error {
	to, err := newWholeFile(c.Output)
	if err != nil {
		return err
	}
	defer to.discard()
	meter := newMeter(a)
	err = server.Export(a.ctx, path, filters, io.MultiWriter(to, meter))
	meter.clear()
	if err == nil {
		err = to.keep()
	}
	if err != nil {
		return fmt.Errorf("%s was not written: %w", c.Output, err)
	}
	fmt.Fprintf(a.stderr, "wrote %s, %s\n", c.Output, size(meter.written))
	return nil
}

// wholeFile is a file that gets its name when it is whole.
type wholeFile struct {
	*os.File
	name string // "" when it is written in place, as a device is
	kept bool
}

func newWholeFile(name string) (*wholeFile, error) {
	if i, err := os.Stat(name); err == nil && !i.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		return &wholeFile{File: f}, err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.part")
	return &wholeFile{File: f, name: name}, err
}

// keep gives the file its name, once its content is on the disk.
func (f *wholeFile) keep() error {
	if f.name == "" {
		return f.Close()
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	err := os.Rename(f.File.Name(), f.name)
	f.kept = err == nil
	return err
}

// discard removes a file that was not kept.
func (f *wholeFile) discard() {
	f.Close()
	if !f.kept && f.name != "" {
		os.Remove(f.File.Name())
	}
}

// meter counts what is written, and tells of it on a terminal.
type meter struct {
	progressBar
	written int64
}

func newMeter(a *app) *meter { return &meter{progressBar: *newProgressBar(a.stderr)} }

// Write implements io.Writer.
func (m *meter) Write(b []byte) (int, error) {
	m.written += int64(len(b))
	m.draw(func(took time.Duration) string {
		line := "exporting  " + size(m.written)
		if seconds := took.Seconds(); seconds > 0 {
			line += fmt.Sprintf("  %s/s", size(int64(float64(m.written)/seconds)))
		}
		return line
	})
	return len(b), nil
}
