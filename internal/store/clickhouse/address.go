package clickhouse

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	driverpkg "github.com/ClickHouse/clickhouse-go/v2"
)

// DefaultDatabase is the database of a URL that names none.
const DefaultDatabase = "sojourn"

// schemes are those of a store's URL, and the driver's for them.
var schemes = map[string]string{
	"clickhouse":       "clickhouse",
	"clickhouse+http":  "http",
	"clickhouse+https": "https",
}

// ParseURL reads clickhouse://user:password@host:port/database?option=value, for
// the native protocol (port 9000, or 9440 with secure=true), or the same with
// clickhouse+http (8123) or clickhouse+https (8443). Options are those of
// https://github.com/ClickHouse/clickhouse-go#dsn; others are settings of the
// server. Errors do not repeat the password.
func ParseURL(address string) (*driverpkg.Options, error) {
	scheme, rest, _ := strings.Cut(address, "://")
	if schemes[scheme] == "" {
		return nil, fmt.Errorf("--store has the scheme %q: want clickhouse://user:password@host:port/database, or clickhouse+http or clickhouse+https", scheme)
	}
	u, err := url.Parse(schemes[scheme] + "://" + rest)
	if err != nil {
		return nil, fmt.Errorf("--store %s://… is not a URL: percent-encode the special characters of user and password", scheme)
	}
	query := u.Query()
	if u.Port() == "" && u.Hostname() != "" {
		u.Host += ":" + defaultPort(scheme, secure(query))
	}
	if scheme == "clickhouse+https" {
		query.Set("secure", "true")
		u.RawQuery = query.Encode()
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("--store %s names no host: want %s://user:password@host:port/database", shown(u), scheme)
	}
	options, err := driverpkg.ParseDSN(u.String())
	if err != nil {
		return nil, fmt.Errorf("--store %s: %w", shown(u), err)
	}
	if options.ReadTimeout == 0 {
		options.ReadTimeout = readTimeout
	}
	if options.Settings == nil {
		options.Settings = driverpkg.Settings{}
	}
	if options.Auth.Database == "" {
		options.Auth.Database = DefaultDatabase
	}
	return options, nil
}

// readTimeout is how long a statement may take: an erasure or a compaction
// rewrites whole days. Questions have deadlines of their own.
const readTimeout = time.Hour

// shown is u for an error: an option may hold a password too.
func shown(u *url.URL) string {
	s := *u
	s.RawQuery = ""
	return s.Redacted()
}

// secure reads the option as the driver does.
func secure(query url.Values) bool {
	on, _ := strconv.ParseBool(query.Get("secure"))
	return on || query.Has("secure") && query.Get("secure") == ""
}

func defaultPort(scheme string, secure bool) string {
	switch {
	case scheme == "clickhouse+http":
		return "8123"
	case scheme == "clickhouse+https":
		return "8443"
	case secure:
		return "9440"
	}
	return "9000"
}
