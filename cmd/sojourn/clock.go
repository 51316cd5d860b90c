package main

import "time"

const (
	// stepLimit is how far the wall clock may run away from the monotonic one
	// between two looks: more is a step, not an adjustment.
	stepLimit = 10 * time.Second
	// stepSettles is how long after a step nothing is dropped: time to see the
	// warning and to put a wrong clock right.
	stepSettles = time.Hour
)

// steadyClock tells whether the wall clock can be believed: a wrong one that steps
// forward would make every day look old. Only two looks in a row that agree with
// the monotonic clock, and no step for a while, make it steady.
type steadyClock struct {
	wall    time.Time
	running time.Duration
	settled time.Duration // when the last step will be long enough ago
}

// look compares the wall clock with the monotonic one, which has run for a while.
// It returns whether the wall clock is steady, and the step that it made.
func (c *steadyClock) look(wall time.Time, running time.Duration) (steady bool, step time.Duration) {
	wall = wall.Round(0) // without its monotonic reading
	if first := c.wall.IsZero(); !first {
		step = wall.Sub(c.wall) - (running - c.running)
		steady = step.Abs() <= stepLimit && running >= c.settled
	}
	c.wall, c.running = wall, running
	if step.Abs() <= stepLimit {
		return steady, 0
	}
	c.settled = running + stepSettles
	return false, step
}
