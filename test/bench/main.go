// Command bench measures the built binary from outside, each figure as a ratio
// to something real in the same run: the proxy against a bare
// httputil.ReverseProxy, the import against GoAccess on the same log. Rounds
// alternate between the two sides, and medians are quoted, so that a machine
// that drifts does not decide.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

var (
	binary   = flag.String("sojourn", "bin/sojourn", "the binary to measure")
	rounds   = flag.Int("rounds", 3, "rounds of each side")
	duration = flag.Duration("duration", 6*time.Second, "of one round of proxying")
	clients  = flag.Int("clients", 32, "concurrent connections")
	lines    = flag.Int("lines", 1_000_000, "lines of the generated log")
	serve    = flag.String("serve", "", "internal: run as 'upstream' or 'bare'")
	backend  = flag.String("backend", "", "internal: what bare proxies to")
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	if *serve != "" {
		log.Fatal(serveRole(*serve, *backend))
	}
	dir, err := os.MkdirTemp("", "sojourn-bench-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := run(dir); err != nil {
		os.RemoveAll(dir)
		log.Fatal(err)
	}
}

func run(dir string) error {
	if err := measureProxy(filepath.Join(dir, "proxy")); err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	if err := measureImport(filepath.Join(dir, "import")); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	return nil
}

// side is one of two things that are compared.
type side struct {
	name    string
	measure func() (map[string]float64, error)
}

// compare measures two sides in turn and prints the median of each figure and
// the median of the ratios round by round.
func compare(title string, figures []string, a, b side) error {
	got := map[string][2][]float64{}
	for range *rounds {
		for i, s := range []side{a, b} {
			m, err := s.measure()
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			for k, v := range m {
				pair := got[k]
				pair[i] = append(pair[i], v)
				got[k] = pair
			}
		}
	}
	fmt.Printf("%s, median of %d rounds\n%-28s %14s %14s %8s\n", title, *rounds, "", a.name, b.name, "ratio")
	for _, f := range figures {
		pair := got[f]
		ratios := make([]float64, *rounds)
		for i := range ratios {
			ratios[i] = pair[0][i] / pair[1][i]
		}
		fmt.Printf("%-28s %14.2f %14.2f %8.2f\n", f, median(pair[0]), median(pair[1]), median(ratios))
	}
	fmt.Println()
	return nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// measureImport imports a generated log and has GoAccess read the same.
func measureImport(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file := filepath.Join(dir, "access.log")
	if err := writeLog(file, *lines, time.Now().UTC()); err != nil {
		return err
	}
	data := filepath.Join(dir, "data")
	var stored float64
	sojourn := side{"sojourn", func() (map[string]float64, error) {
		if err := os.RemoveAll(data); err != nil {
			return nil, err
		}
		seconds, out, err := timed(*binary, "import", "--data", data, "--json", file)
		if err != nil {
			return nil, err
		}
		var report struct{ Requests, Sessions, Parts int }
		if err := json.Unmarshal(out, &report); err != nil || report.Requests != *lines {
			return nil, fmt.Errorf("imported %d of %d lines: %s %v", report.Requests, *lines, out, err)
		}
		size, err := folderSize(filepath.Join(data, "days"))
		stored = float64(size) / float64(report.Requests)
		return map[string]float64{"lines a second": float64(*lines) / seconds}, err
	}}
	goaccess := side{"goaccess", func() (map[string]float64, error) {
		seconds, _, err := timed("goaccess", file, "--log-format=COMBINED", "--no-progress", "-o", filepath.Join(dir, "report.json"))
		return map[string]float64{"lines a second": float64(*lines) / seconds}, err
	}}
	if err := compare(fmt.Sprintf("import of %d lines over 7 days", *lines), []string{"lines a second"}, sojourn, goaccess); err != nil {
		return err
	}
	fmt.Printf("stored, days on disk: %.1f bytes a request\n", stored)
	return nil
}

func timed(name string, args ...string) (seconds float64, out []byte, err error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, nil, fmt.Errorf("%s: %w: %s", name, err, lastLine(stderr.String()))
	}
	return time.Since(began).Seconds(), stdout.Bytes(), nil
}

func lastLine(s string) string {
	var last string
	for lines := bufio.NewScanner(strings.NewReader(s)); lines.Scan(); {
		last = lines.Text()
	}
	return last
}

func folderSize(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}
