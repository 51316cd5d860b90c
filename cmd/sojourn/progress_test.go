package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"sojourn/internal/source/importer"
)

func TestProgressLine(t *testing.T) {
	for _, tc := range []struct {
		p    importer.Progress
		took time.Duration
		want string
	}{
		{importer.Progress{File: "a.log"}, 0, "importing ░░░░░░░░░░░░░░░░░░░░░░░░   0%  a.log"},
		{importer.Progress{File: "a.log", Done: 25, Total: 100, Lines: 1234567}, 10 * time.Second,
			"importing ██████░░░░░░░░░░░░░░░░░░  25%  123,456 lines/s  30s left  a.log"},
		{importer.Progress{File: "a.log", Done: 200, Total: 100, Lines: 10}, time.Second,
			"importing ████████████████████████ 100%  10 lines/s  0s left  a.log"},
		{importer.Progress{Checking: true, File: "a.log", Done: 50, Total: 100}, time.Second,
			"checking  ████████████░░░░░░░░░░░░  50%  1s left  a.log"},
	} {
		if got := progressLine(tc.p, tc.took); got != tc.want {
			t.Errorf("\n got %q\nwant %q", got, tc.want)
		}
	}
}

func TestProgressBar(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	bar := &progressBar{w: &out, width: func() int { return 20 }, now: func() time.Time { return now }}
	for range 3 {
		bar.importing(importer.Progress{File: "a.log", Total: 1})
	}
	if n := strings.Count(out.String(), "\r"); n != 1 {
		t.Errorf("drawn %d times at one instant", n)
	}
	if last := out.String()[strings.LastIndex(out.String(), "\x1b[K")+3:]; len([]rune(last)) != 19 {
		t.Errorf("%q does not fit 20 columns", last)
	}
	bar.clear()
	if !strings.HasSuffix(out.String(), "\r\x1b[K") {
		t.Error("the bar was not removed")
	}
}

func TestProgressBarIsQuietWithoutATerminal(t *testing.T) {
	var out bytes.Buffer
	bar := newProgressBar(&out)
	bar.importing(importer.Progress{File: "a.log", Total: 1})
	bar.clear()
	if out.Len() > 0 {
		t.Errorf("wrote %q", out.String())
	}
}
