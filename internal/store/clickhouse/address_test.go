package clickhouse_test

import (
	"strings"
	"testing"

	driverpkg "github.com/ClickHouse/clickhouse-go/v2"

	"sojourn/internal/store/clickhouse"
)

func TestParseURL(t *testing.T) {
	for _, test := range []struct {
		url, address, database string
		protocol               driverpkg.Protocol
		tls                    bool
	}{
		{"clickhouse://ch.example.com", "ch.example.com:9000", "sojourn", driverpkg.Native, false},
		{"clickhouse://u:p@ch.example.com:9999/traffic", "ch.example.com:9999", "traffic", driverpkg.Native, false},
		{"clickhouse://ch.example.com/?secure=true", "ch.example.com:9440", "sojourn", driverpkg.Native, true},
		{"clickhouse://ch.example.com/?secure=1", "ch.example.com:9440", "sojourn", driverpkg.Native, true},
		{"clickhouse://ch.example.com/?secure", "ch.example.com:9440", "sojourn", driverpkg.Native, true},
		{"clickhouse+http://[::1]/d", "[::1]:8123", "d", driverpkg.HTTP, false},
		{"clickhouse+https://u:p%40@ch.example.com/d", "ch.example.com:8443", "d", driverpkg.HTTP, true},
	} {
		o, err := clickhouse.ParseURL(test.url)
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
			continue
		}
		if o.Addr[0] != test.address || o.Auth.Database != test.database || o.Protocol != test.protocol || (o.TLS != nil) != test.tls {
			t.Errorf("%s: %v, database %s, protocol %v, TLS %v", test.url, o.Addr, o.Auth.Database, o.Protocol, o.TLS != nil)
		}
	}
	o, err := clickhouse.ParseURL("clickhouse://u:p%40@h/?max_threads=4&dial_timeout=3s")
	if err != nil || o.Auth.Username != "u" || o.Auth.Password != "p@" || o.Settings["max_threads"] != 4 || o.DialTimeout.Seconds() != 3 {
		t.Errorf("options: %+v, %v", o, err)
	}
}

func TestParseURLFails(t *testing.T) {
	for _, url := range []string{
		"", "days", "http://h/d", "clickhouse:h", "clickhouse://", "clickhouse:///d", "clickhouse://u:secret@", "clickhouse://u:secret@h:port/d",
		"clickhouse://u:sec%zzret@h/d", "clickhouse://u:secret@h/d?secure=perhaps", "clickhouse://h/d?username=u&password=secret&dial_timeout=5", "clickhouse+http://u:secret@h/d?secure=true",
	} {
		o, err := clickhouse.ParseURL(url)
		if err == nil {
			t.Errorf("%s: %+v", url, o)
		} else if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "ret@") {
			t.Errorf("%s: the error repeats the password: %v", url, err)
		}
	}
}
