package record

import (
	"encoding/json"
	"math"
)

// Total is how many parts and requests pass a filter.
type Total struct {
	Parts    int64 `json:"parts" doc:"Parts with at least one request that passes the filter"`
	Requests int64 `json:"requests" doc:"Requests that pass the filter"`
	Complete bool  `json:"complete" doc:"Whether everything was counted; else there are at least that many"`
}

// Table is the answer of a query: a row for each group of requests.
type Table struct {
	By          []string `json:"by" nullable:"false" doc:"What the requests are grouped by"`
	Measures    []string `json:"measures" nullable:"false" doc:"What was computed for each group"`
	Rows        []Group  `json:"rows" nullable:"false"`
	Groups      int64    `json:"groups" doc:"Groups in all, also those beyond the limit"`
	Approximate bool     `json:"approximate" doc:"Whether distinct counts are estimates (about 1 % off), because there were too many values"`
}

// Group is one row of a Table.
type Group struct {
	By     []string `json:"by" nullable:"false" doc:"The group's values, in the order of the table's by; times in RFC 3339"`
	Values []Amount `json:"values" nullable:"false" doc:"The measures of the group, in the order of the table's measures; null where nothing was to be measured"`
}

// Amount is a measured number; NaN, for none, is null in JSON.
type Amount float64

// MarshalJSON prints NaN as null.
func (a Amount) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(a)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(a))
}

// UnmarshalJSON reads what MarshalJSON prints.
func (a *Amount) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*a = Amount(math.NaN())
		return nil
	}
	return json.Unmarshal(b, (*float64)(a))
}
