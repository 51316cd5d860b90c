//go:build race

package point

const raceDetector = true
