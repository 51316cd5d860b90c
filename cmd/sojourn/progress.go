package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"sojourn/internal/source/importer"
)

const (
	// redrawEvery spaces the drawings of a progress bar.
	redrawEvery = 100 * time.Millisecond
	// barWidth is the length of the bar itself, in characters.
	barWidth = 24
)

// progressBar draws how far something long is on one line of a terminal. On anything
// else it is quiet.
type progressBar struct {
	w       io.Writer // nil: quiet
	width   func() int
	now     func() time.Time
	began   time.Time // of the pass that is shown
	check   bool
	drawnAt time.Time
}

func newProgressBar(w io.Writer) *progressBar {
	b := &progressBar{now: time.Now}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.w = w
		b.width = func() int {
			width, _, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 80
			}
			return width
		}
	}
	return b
}

// importing draws p, unless the last drawing is too fresh.
func (b *progressBar) importing(p importer.Progress) {
	if b.check != p.Checking {
		b.began, b.check = time.Time{}, p.Checking
	}
	b.draw(func(took time.Duration) string { return progressLine(p, took) })
}

// draw draws the line that is right after some time, unless the last one is too fresh.
func (b *progressBar) draw(line func(took time.Duration) string) {
	if b.w == nil {
		return
	}
	now := b.now()
	if b.began.IsZero() {
		b.began = now
	}
	if now.Sub(b.drawnAt) < redrawEvery {
		return
	}
	b.drawnAt = now
	text := []rune(line(now.Sub(b.began)))
	fmt.Fprintf(b.w, "\r\x1b[K%s", string(text[:min(len(text), max(b.width()-1, 0))]))
}

// clear removes the bar.
func (b *progressBar) clear() {
	if b.w != nil && !b.drawnAt.IsZero() {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}

// progressLine is the bar with the rate and the remaining time.
func progressLine(p importer.Progress, took time.Duration) string {
	share := 0.0
	if p.Total > 0 {
		share = min(float64(p.Done)/float64(p.Total), 1)
	}
	full := int(share * barWidth)
	bar := strings.Repeat("█", full) + strings.Repeat("░", barWidth-full)
	verb := "importing"
	if p.Checking {
		verb = "checking "
	}
	line := fmt.Sprintf("%s %s %3.0f%%", verb, bar, share*100)
	if seconds := took.Seconds(); seconds > 0 && share > 0 {
		if !p.Checking {
			line += fmt.Sprintf("  %s lines/s", thousands(uint64(float64(p.Lines)/seconds)))
		}
		left := time.Duration(seconds * (1 - share) / share * float64(time.Second))
		line += fmt.Sprintf("  %s left", left.Round(time.Second))
	}
	return line + "  " + p.File
}
