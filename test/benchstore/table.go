package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// printTables prints what every size gave, in Markdown.
func printTables(w io.Writer, all []*result) {
	asked := questions()
	fmt.Fprintf(w, "\n## Questions\n\nMilliseconds over HTTP, while %g requests a second arrive. ClickHouse: plain SQL on its engine, the same requests, nothing arriving.\n\n", *rate)
	head, line := "| question | goal p95 |", "|---|---:|"
	for _, r := range all {
		n := millions(r.requests)
		head += fmt.Sprintf(" %s p50 | p95 | max |", n)
		line += "---:|---:|---:|"
		if len(r.plain) > 0 {
			head += fmt.Sprintf(" ClickHouse %s p50 | p95 |", n)
			line += "---:|---:|"
		}
	}
	if len(all) > 1 {
		head, line = head+" growth |", line+"---:|"
	}
	fmt.Fprintf(w, "%s |\n%s---|\n", head, line)
	for i, q := range asked {
		if !selected(q) {
			continue
		}
		row := []string{q.name, ""}
		if q.goal > 0 {
			row[1] = fmt.Sprint(q.goal.Milliseconds())
		}
		note := ""
		for _, r := range all {
			row = append(row, numbers(&r.answers[i], 0.5, 0.95, 1)...)
			if len(r.plain) > 0 {
				row = append(row, numbers(&r.plain[i], 0.5, 0.95)...)
			}
			last := &r.answers[i]
			note = last.note
			if last.err != nil {
				note = "failed: " + firstLine(last.err.Error())
			} else if q.goal > 0 && last.part(0.95) > q.goal {
				note = strings.TrimSpace(note + " **missed**")
			}
		}
		if first, last := &all[0].answers[i], &all[len(all)-1].answers[i]; len(all) > 1 {
			growth := ""
			if before := first.part(0.5); before > 0 && last.part(0.5) > 0 {
				growth = fmt.Sprintf("%.1f×", float64(last.part(0.5))/float64(before))
			}
			row = append(row, growth)
		}
		fmt.Fprintf(w, "| %s | %s |\n", strings.Join(row, " | "), note)
	}
	printFacts(w, all)
	for _, r := range all {
		printStored(w, r)
	}
}

// printFacts prints what is not a question.
func printFacts(w io.Writer, all []*result) {
	fmt.Fprint(w, "\n## Beside\n\n|  |")
	for _, r := range all {
		fmt.Fprintf(w, " %s |", millions(r.requests))
	}
	fmt.Fprint(w, "\n|---|"+strings.Repeat("---:|", len(all))+"\n")
	row := func(name string, value func(r *result) string) {
		fmt.Fprintf(w, "| %s |", name)
		for _, r := range all {
			fmt.Fprintf(w, " %s |", value(r))
		}
		fmt.Fprintln(w)
	}
	row("generated, stored and compacted, requests/s", func(r *result) string { return perSecond(r.fill.Added, r.fill.Seconds) })
	row("the same, by second of one processor", func(r *result) string { return perSecond(r.fill.Added, r.fill.CPU) })
	row("of that, compacting (beside), s", func(r *result) string { return fmt.Sprintf("%.0f of %.0f", r.fill.Seal, r.fill.Seconds) })
	row("one day alone: stored, requests/s", func(r *result) string { return perSecond(r.alone.Added, r.alone.Write) })
	row("one day alone: compacted, requests/s", func(r *result) string { return perSecond(r.alone.Added, r.alone.Seal) })
	row("bytes a request on disk", func(r *result) string { return fmt.Sprintf("%.1f", float64(r.fill.Bytes)/float64(r.requests)) })
	row("hub's resident memory, peak, MiB", func(r *result) string { return fmt.Sprint(r.hub.peak >> 20) })
	row("hub's resident memory, at the end, MiB", func(r *result) string { return fmt.Sprint(r.hub.end >> 20) })
	row("arrived and stored meanwhile, requests/s", func(r *result) string { return perSecond(int64(r.arrived.stored), r.arrived.seconds) })
	row("until an arrival is listed, p50 / p99 / max, ms", func(r *result) string {
		a := answer{took: r.arrived.delays}
		if len(a.took) == 0 {
			return "–"
		}
		return strings.Join(numbers(&a, 0.5, 0.99, 1), " / ")
	})
	row("most batches that waited on the bus", func(r *result) string { return thousands(int64(r.arrived.waiting)) })
	row("export as JSON lines, requests/s", func(r *result) string {
		if r.export.err != nil {
			return "failed: " + firstLine(r.export.err.Error())
		}
		return fmt.Sprintf("%s (%.0f MB/s)", perSecond(r.export.rows, r.export.seconds), float64(r.export.bytes)/r.export.seconds/1e6)
	})
	row("ClickHouse: stored, requests/s", func(r *result) string {
		if len(r.plain) == 0 {
			return "–"
		}
		return perSecond(r.requests, r.engine.seconds)
	})
	row("ClickHouse: bytes a request", func(r *result) string {
		if len(r.plain) == 0 {
			return "–"
		}
		return fmt.Sprintf("%.1f", float64(r.engine.bytes)/float64(r.requests))
	})
}

func selected(q question) bool { return strings.Contains(q.name, *only) }

func numbers(a *answer, parts ...float64) (texts []string) {
	for _, p := range parts {
		switch d := a.part(p); {
		case len(a.took) == 0:
			texts = append(texts, "–")
		case d < 10*time.Millisecond:
			texts = append(texts, fmt.Sprintf("%.1f", d.Seconds()*1000))
		default:
			texts = append(texts, fmt.Sprintf("%.0f", d.Seconds()*1000))
		}
	}
	return texts
}

func perSecond(n int64, seconds float64) string {
	if seconds <= 0 {
		return "–"
	}
	return thousands(int64(float64(n) / seconds))
}

func millions(n int64) string {
	if n%1_000_000 == 0 {
		return fmt.Sprintf("%dM", n/1_000_000)
	}
	return thousands(n)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.ReplaceAll(line[:min(len(line), 160)], "|", "/")
}
