package main

import (
	"testing"
	"time"
)

func TestSteadyClock(t *testing.T) {
	const week = 7 * 24 * time.Hour
	boot := time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC)
	type look struct {
		running time.Duration
		ahead   time.Duration // of the wall clock
		steady  bool
		step    time.Duration
	}
	for name, looks := range map[string][]look{
		"TheFirstLookIsNotEnough": {{time.Minute, 0, false, 0}, {2 * time.Minute, 0, true, 0}},
		"Adjusted":                {{0, 0, false, 0}, {time.Minute, time.Second, true, 0}},
		"StepsForward": {
			{0, 0, false, 0}, {time.Minute, week, false, week}, {2 * time.Minute, week, false, 0},
			{time.Hour, week, false, 0}, {time.Hour + 2*time.Minute, week, true, 0},
		},
		"StepsThereAndBack": {
			{0, 0, false, 0}, {time.Minute, week, false, week}, {2 * time.Minute, 0, false, -week},
			{time.Hour + time.Minute, 0, false, 0}, {time.Hour + 3*time.Minute, 0, true, 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var c steadyClock
			for _, l := range looks {
				steady, step := c.look(boot.Add(l.running+l.ahead), l.running)
				if steady != l.steady || step != l.step {
					t.Errorf("after %v: steady %v, step %v; want %+v", l.running, steady, step, l)
				}
			}
		})
	}
}
