package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"sojourn/internal/record"
	"sojourn/internal/source/importer"
)

// printImport prints what an import did, for people.
func printImport(w io.Writer, r *importer.Report, retentionDays int, dataDir string) {
	files := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range r.Files {
		fmt.Fprintf(files, "%s\t%s\t%s\t%s\t%s rejected\n", f.Name, f.Format,
			quantity(f.Lines, unit(f.Format)), quantity(f.Requests, "request"), thousands(f.Rejected))
	}
	files.Flush()

	least := ""
	if r.AtLeast {
		least = "at least "
	}
	fmt.Fprintf(w, "\n%s in %s%s (%s), %s a second\n", quantity(r.Added+r.Already, "request"), least,
		quantity(r.Sessions, "session"), quantity(r.Parts, "one-day part"), quantity(uint64(float64(r.Lines)/max(r.Seconds, 1e-9)), "line"))
	fmt.Fprintf(w, "  %s added", thousands(r.Added))
	if r.Already > 0 {
		fmt.Fprintf(w, ", %s were there already", thousands(r.Already))
	}
	if r.ShiftDays != 0 {
		fmt.Fprintf(w, ", shifted by %+d days", r.ShiftDays)
	}
	fmt.Fprintln(w)
	printRungs(w, r)
	printLeftOut(w, r, retentionDays)
	printRejects(w, r)
	if r.Added+r.Already > 0 {
		flag := dataFlag(dataDir)
		fmt.Fprintf(w, "\nNext: sojourn serve%s, or sojourn sessions list%s\n", flag, flag)
	}
}

// printRungs prints how requests were grouped, and how these formats cannot group.
func printRungs(w io.Writer, r *importer.Report) {
	var parts []string
	for _, rung := range []record.Rung{record.RungOwn, record.RungMCP, record.RungBuiltin, record.RungNetwork} {
		if n := r.Rungs[rung]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", rungNames[rung], thousands(n)))
		}
	}
	if len(parts) > 0 {
		fmt.Fprintln(w, "  grouped by "+strings.Join(parts, ", "))
	}
	told := map[string]bool{}
	for _, f := range r.Files {
		if unseen := f.Format.Unseen(); unseen != "" && !told[unseen] && f.Requests > 0 {
			told[unseen] = true
			fmt.Fprintln(w, "  "+unseen)
		}
	}
}

var rungNames = map[record.Rung]string{
	record.RungOwn: "own key", record.RungMCP: "MCP", record.RungBuiltin: "built-in key", record.RungNetwork: "network",
}

// printLeftOut prints what was recognised but not stored, or only in part, and why.
func printLeftOut(w io.Writer, r *importer.Report, retentionDays int) {
	if r.TooOld > 0 {
		fmt.Fprintf(w, "  %s refused: older than the retention of %s (the oldest is of %s). --retime now shifts the log to today, --retention takes it as it is\n",
			quantity(r.TooOld, "request"), quantity(uint64(retentionDays), "day"), r.Oldest)
	}
	if r.Future > 0 {
		fmt.Fprintf(w, "  %s refused: later than tomorrow. Check the clock of this machine and of the log's; --retime now shifts such a log back\n", quantity(r.Future, "request"))
	}
	for _, c := range []struct {
		n    uint64
		what string
	}{
		{r.Excluded, "left out by the policy"},
		{r.Unterminated, "with an unterminated last field, taken to the end of the line"},
		{r.Malformed, "with a malformed request line or body, kept as well as possible"},
		{r.NoAddress, "without a client address"},
	} {
		if c.n > 0 {
			fmt.Fprintf(w, "  %s %s\n", quantity(c.n, "request"), c.what)
		}
	}
}

func printRejects(w io.Writer, r *importer.Report) {
	for _, reject := range r.Rejects {
		fmt.Fprintf(w, "  rejected %s:%d: %s\n", reject.File, reject.Line, reject.Reason)
	}
	if more := r.Rejected - uint64(len(r.Rejects)); more > 0 {
		fmt.Fprintf(w, "  and %s more rejected\n", thousands(more))
	}
}

func unit(f importer.Format) string {
	if f == importer.HAR {
		return "entry"
	}
	return "line"
}

// quantity prints a number and its unit: 1 line, 2 lines.
func quantity(n uint64, unit string) string {
	if n != 1 {
		if stem, ok := strings.CutSuffix(unit, "y"); ok && !strings.HasSuffix(stem, "a") && !strings.HasSuffix(stem, "e") {
			unit = stem + "ie"
		}
		unit += "s"
	}
	return thousands(n) + " " + unit
}

// thousands prints a number with commas: 1,234,567.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// dataFlag is the flag that names the data folder in a command to run next.
func dataFlag(dir string) string {
	abs, err := filepath.Abs("data")
	if err == nil && abs == dir {
		return ""
	}
	return " --data " + cmp.Or(dir, ".")
}
