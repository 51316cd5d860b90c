package api

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"sojourn/internal/record"
)

// maxAgo is how far back a relative time may reach.
const maxAgo = 100 * 365 * 24 * time.Hour

// parseTime reads RFC 3339, "now", or a time back from now such as -15m.
func parseTime(v string, now time.Time) (record.Time, error) {
	if v == "now" {
		return record.TimeOf(now), nil
	}
	if strings.HasPrefix(v, "-") {
		ago, ok := parseAgo(v[1:])
		if !ok {
			return 0, fmt.Errorf("%q is not a time back from now such as -15m, -24h or -7d", clip(v))
		}
		return record.TimeOf(now.Add(-ago)), nil
	}
	var t record.Time
	if err := t.UnmarshalText([]byte(v)); err != nil {
		return 0, fmt.Errorf("%w, nor now, nor back from now as -15m, -24h or -7d", err)
	}
	if t <= 0 {
		return 0, fmt.Errorf("%q is not after 1970", v) // 0 means open to the store
	}
	return t, nil
}

func parseAgo(v string) (time.Duration, bool) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	if v == "" {
		return 0, false
	}
	unit, ok := units[v[len(v)-1]]
	n, err := strconv.ParseUint(v[:len(v)-1], 10, 63)
	if !ok || err != nil || n > uint64(maxAgo/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}
