package importer

import (
	"bytes"
	"time"
)

// clfTimeLen is the length of 21/Nov/2026:20:14:16 +0000, the time of the
// Common Log Format (Apache's %t, nginx's $time_local).
const clfTimeLen = len("21/Nov/2026:20:14:16 +0000")

// clfClock reads times of the Common Log Format. Neighbouring lines mostly share
// their day and zone, so the last ones are remembered.
type clfClock struct {
	day  [11]byte // 21/Nov/2026
	zone [5]byte  // +0000
	base int64    // seconds of that midnight since 1970, UTC
}

// parse reads the time at the start of b, in seconds since 1970.
func (c *clfClock) parse(b []byte) (seconds int64, ok bool) {
	if len(b) < clfTimeLen || b[11] != ':' || b[14] != ':' || b[17] != ':' || b[20] != ' ' {
		return 0, false
	}
	day, zone := b[:11], b[21:26]
	if !bytes.Equal(day, c.day[:]) || !bytes.Equal(zone, c.zone[:]) {
		base, ok := midnight(day, zone)
		if !ok {
			return 0, false
		}
		copy(c.day[:], day)
		copy(c.zone[:], zone)
		c.base = base
	}
	hour, minute, second := digits(b[12:14]), digits(b[15:17]), digits(b[18:20])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 { // 60: a leap second
		return 0, false
	}
	seconds = c.base + int64(hour*3600+minute*60+second)
	return seconds, seconds >= 0
}

// midnight reads 21/Nov/2026 and +0000.
func midnight(day, zone []byte) (int64, bool) {
	d, m, y := digits(day[0:2]), month(day[3:6]), digits(day[7:11])
	hours, minutes := digits(zone[1:3]), digits(zone[3:5])
	if d < 1 || m == 0 || y < 1970 || day[2] != '/' || day[6] != '/' {
		return 0, false
	}
	if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	t := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if t.Day() != d { // such as 31 June
		return 0, false
	}
	offset := int64(hours*3600 + minutes*60)
	switch zone[0] {
	case '+':
		return t.Unix() - offset, true
	case '-':
		return t.Unix() + offset, true
	}
	return 0, false
}

func month(b []byte) time.Month {
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	for m := time.January; m <= time.December; m++ {
		if string(b) == names[3*(m-1):3*m] {
			return m
		}
	}
	return 0
}

// digits reads an unsigned number that is all of b; -1 when it is none.
func digits(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}
