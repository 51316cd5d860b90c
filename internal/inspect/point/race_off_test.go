//go:build !race

package point

const raceDetector = false
