package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// metric reads one of the hub's own metrics as a scraper does.
func metric(t *testing.T, h *hub, name string) float64 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(scrapeHub(t, h))
	if m == nil {
		t.Fatalf("no metric %s", name)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// full is a disk that is, until it is told else.
type full struct{ atomic.Bool }

func (f *full) room() error {
	if f.Load() {
		return errors.New("too little room")
	}
	return nil
}

// TestPaused: without room the writer leaves requests on the bus, which is told,
// and a stop does not wait for it; with room it goes on.
func TestPaused(t *testing.T) {
	data := t.TempDir()
	n := runNode(t, data, nil)
	var disk full
	disk.Store(true)
	h, stop := runHub(t, data, func(h *hub) { h.writer.room, h.drain = disk.room, time.Hour })
	eventually(t, "the writer to stop", h.writer.paused.Load)
	n.publish(t, 3)
	if s, err := h.System(t.Context()); err != nil || !s.Disk.Paused || s.Writer.Error == "" || s.Writer.Stored != 0 || s.Bus.Messages != 3 || s.Disk.Free == 0 {
		t.Errorf("the system: %+v, %v", s, err)
	}
	if metric(t, h, "sojourn_writer_paused") != 1 || metric(t, h, "sojourn_disk_free_bytes") == 0 {
		t.Error("the metrics do not tell")
	}
	stop()
	h, _ = runHub(t, data, func(h *hub) { h.writer.room = disk.room })
	eventually(t, "the writer to stop again", h.writer.paused.Load)
	disk.Store(false)
	eventually(t, "all to be stored", func() bool { return h.writer.stored.Load() == 3 })
	if s := h.writer.status(); s.Error != "" || metric(t, h, "sojourn_writer_paused") != 0 {
		t.Errorf("the writer still complains: %+v", s)
	}
}

func TestFloor(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]int64{"": 0, "0": 0, "2GiB": 2 << 30} {
		if f, err := parseFloor(text, dir); err != nil || f.least != want {
			t.Errorf("%q: %+v, %v", text, f, err)
		}
	}
	if _, err := parseFloor("a lot", dir); err == nil || !strings.Contains(err.Error(), "--min-free") {
		t.Errorf("no size: %v", err)
	}
	f := floor{dir: dir, least: 1}
	free, err := f.free()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.room(0); err != nil {
		t.Error(err)
	}
	if err := f.room(2 * free); err == nil {
		t.Error("room for twice what is free")
	}
	if err := (floor{dir: dir}).room(2 * free); err != nil {
		t.Errorf("without a floor: %v", err)
	}
}

// TestLateAndFuture: requests of days that the retention still covers, and of the
// next 24 hours, are stored; others are counted.
func TestLateAndFuture(t *testing.T) {
	data := t.TempDir()
	n := runNode(t, data, nil)
	h, _ := runHub(t, data, nil)
	now := time.Now()
	for _, after := range []time.Duration{-6 * 24 * time.Hour, -time.Hour, 23 * time.Hour, -7 * 24 * time.Hour, -300 * 24 * time.Hour, 25 * time.Hour} {
		n.publishAt(t, 1, func() time.Time { return now.Add(after) })
	}
	eventually(t, "all to be counted", func() bool {
		s := h.writer.status()
		return s.Stored == 3 && s.TooOld == 2 && s.Future == 1
	})
	for name, want := range map[string]float64{"stored": 3, "too_old": 2, "future": 1} {
		if got := metric(t, h, fmt.Sprintf("sojourn_writer_%s_total", name)); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestEraseAbsorbs: an erasure finds what was on the bus when it was asked for.
func TestEraseAbsorbs(t *testing.T) {
	data := t.TempDir()
	n := runNode(t, data, nil)
	var disk full
	disk.Store(true)
	h, _ := runHub(t, data, func(h *hub) { h.writer.room = disk.room })
	eventually(t, "the writer to stop", h.writer.paused.Load)
	n.publish(t, 5)
	everybody := store.Filter{Session: &record.SessionID{}}
	type answer struct {
		days  []record.PartRef
		notes []string
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		days, notes, err := h.care().Erase(t.Context(), everybody)
		answered <- answer{days, notes, err}
	}()
	disk.Store(false)
	got := <-answered
	lost := int64(0)
	for _, d := range got.days {
		lost += d.Requests
	}
	if lost != 5 || len(got.notes) > 0 || got.err != nil {
		t.Errorf("%+v", got)
	}
	if got.days, got.notes, got.err = h.care().Erase(t.Context(), everybody); len(got.days)+len(got.notes) > 0 || got.err != nil {
		t.Errorf("again: %+v", got)
	}
}
