package export

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

// harDocument is what a reader of HAR 1.2 expects.
type harDocument struct {
	Log struct {
		Version string
		Creator struct{ Name, Version string }
		Entries []map[string]any
	}
}

func harOf(t *testing.T, rows ...record.Request) (d harDocument) {
	t.Helper()
	var out bytes.Buffer
	w, err := Requests(HAR, &out)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows { // page by page
		if err := w.Write(rows[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &d); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	if d.Log.Version != "1.2" || d.Log.Creator.Name == "" || len(d.Log.Entries) != len(rows) {
		t.Errorf("log %+v", d.Log)
	}
	return d
}

func TestHAR(t *testing.T) {
	harOf(t) // an empty one is a document too
	started := record.Time(1_795_266_302_114_000)
	d := harOf(t,
		record.Request{
			Session: record.SessionID{0xa1}, Started: started, Duration: 2500, FirstByte: 1000, RequestBytes: 0, ResponseBytes: record.Unknown,
			Host: "shop.example.com", Method: "GET", Path: "/a", Query: "q=a%20b&token=[masked]&bad=%zz&&x", Status: 404, IP: netip.MustParseAddr("192.0.2.7"),
			UserAgent: "curl/8", JA4: "t13", User: "maria", Context: []record.Value{{Name: "tenant", Value: "7"}},
		},
		record.Request{Started: started, Duration: record.Unknown, FirstByte: record.Unknown, Path: "/\xff"},
	)
	e := d.Log.Entries[0]
	request, response := e["request"].(map[string]any), e["response"].(map[string]any)
	for name, got := range map[string][2]any{
		"startedDateTime": {e["startedDateTime"], started.String()},
		"time":            {e["time"], 2.5},
		"timings":         {e["timings"], map[string]any{"send": 0.0, "wait": 1.0, "receive": 1.5}},
		"url":             {request["url"], "https://shop.example.com/a?q=a%20b&token=[masked]&bad=%zz&&x"},
		"headers":         {request["headers"], []any{map[string]any{"name": "Host", "value": "shop.example.com"}, map[string]any{"name": "User-Agent", "value": "curl/8"}}},
		"cookies":         {request["cookies"], []any{}},
		"query": {request["queryString"], []any{
			map[string]any{"name": "q", "value": "a b"}, map[string]any{"name": "token", "value": "[masked]"},
			map[string]any{"name": "bad", "value": "%zz"}, map[string]any{"name": "x", "value": ""},
		}},
		"request size":  {request["bodySize"], 0.0},
		"response size": {response["bodySize"], -1.0},
		"status":        {response["status"], 404.0},
		"status text":   {response["statusText"], "Not Found"},
		"_session":      {e["_session"], record.SessionID{0xa1}.String()},
		"_ja4":          {e["_ja4"], "t13"},
		"_user":         {e["_user"], "maria"},
		"_client":       {e["_clientIPAddress"], "192.0.2.7"},
		"_context":      {e["_context"], []any{map[string]any{"name": "tenant", "value": "7", "hashed": false}}},
	} {
		if diff := cmp.Diff(got[1], got[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if e := d.Log.Entries[1]; e["time"] != 0.0 || e["comment"] == nil {
		t.Errorf("an unknown duration: %v, %v", e["time"], e["comment"])
	}
}
