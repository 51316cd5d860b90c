// Command benchstore measures the store from outside: it fills a data folder with
// made-up traffic, starts the built binary on it, and asks what the console asks,
// over HTTP, while further requests keep coming in through the bus. Beside it, the
// same questions as plain SQL on the ClickHouse engine with the same requests. It
// prints tables in Markdown and ends by itself.
//
//	main.go        sizes, one after the other, and the tables
//	server.go      the binary's processes
//	samples.go     values that occur in the data, to ask with
//	questions.go   what is asked
//	measure.go     how long it takes
//	clickhouse.go  the same on the ClickHouse engine
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var (
	binary     = flag.String("sojourn", "bin/sojourn", "the binary to measure")
	sizes      = flag.String("requests", "7000000,70000000", "requests in the store; several, separated by commas, to see what grows")
	days       = flag.Int("days", 7, "days that they are spread over")
	seed       = flag.Uint64("seed", 1, "of the traffic")
	rate       = flag.Float64("rate", 2000, "requests a second that come in meanwhile; 0 for none")
	rounds     = flag.Int("rounds", 20, "times that each question is asked, each time about something else")
	patience   = flag.Duration("patience", 15*time.Second, "for all rounds of one question; at least 3 are asked")
	dir        = flag.String("dir", "", "folder for the data, kept and used again; empty: a temporary one, removed at the end")
	only       = flag.String("only", "", "ask only questions whose name contains this")
	memory     = flag.String("memory-limit", "1GB", "of the store's database engine")
	clickhouse = flag.Int64("clickhouse", 7_000_000, "requests that the ClickHouse engine gets at the most; larger sizes are left out; 0 for no comparison")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "benchstore:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	folder := *dir
	if folder == "" {
		made, err := os.MkdirTemp("", "sojourn-benchstore-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(made)
		folder = made
	}
	var all []*result
	for _, text := range strings.Split(*sizes, ",") {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			return fmt.Errorf("-requests %s: %q is not a number of requests", *sizes, text)
		}
		r, err := measureSize(ctx, filepath.Join(folder, text), n)
		if err != nil {
			return fmt.Errorf("%s requests: %w", thousands(n), err)
		}
		all = append(all, r)
	}
	printTables(os.Stdout, all)
	return nil
}

// result is what one size gave.
type result struct {
	requests int64
	fill     filled
	alone    filled
	answers  []answer // in the order of questions
	plain    []answer // of the ClickHouse engine; empty when it was not asked
	hub      usage
	arrived  arrivals
	export   throughput
	stored   stored
	engine   engineFacts
}

// measureSize fills a folder and asks everything of it.
func measureSize(ctx context.Context, folder string, requests int64) (*result, error) {
	r := &result{requests: requests}
	var err error
	if r.alone, err = ingest(ctx, folder, requests); err != nil {
		return nil, err
	}
	if r.fill, err = fill(ctx, folder, requests, "--days", strconv.Itoa(*days)); err != nil {
		return nil, err
	}
	s, err := start(ctx, folder)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	values, err := takeSamples(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("samples: %w", err)
	}
	asked := questions()
	if *rate > 0 {
		if err := s.feed(*rate); err != nil {
			return nil, err
		}
	}
	arriving := watchArrivals(ctx, s)
	for i, q := range asked {
		if !selected(q) {
			r.answers = append(r.answers, answer{})
			continue
		}
		progress("%s requests: %d of %d, %s", thousands(requests), i+1, len(asked), q.name)
		r.answers = append(r.answers, measure(ctx, *rounds, func(round int) (string, error) { return s.ask(ctx, q.calls(values, round)) }))
	}
	r.arrived = arriving()
	r.export = measureExport(ctx, s)
	if r.hub, err = s.usage(); err != nil {
		return nil, err
	}
	if err := s.stop(); err != nil {
		return nil, err
	}
	r.stored = measureStored(ctx, folder)
	if requests <= *clickhouse {
		if r.plain, r.engine, err = measureEngine(ctx, folder, requests, asked, values); err != nil {
			progress("no comparison with the ClickHouse engine: %v", err)
		}
	}
	return r, ctx.Err()
}

// progress tells on standard error what is being done.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
