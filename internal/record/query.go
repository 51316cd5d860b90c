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

// Neighbours are parts that have to do with one session. Each list is cut to the
// limit that was asked for; the filter of its name lists all.
type Neighbours struct {
	Days       []Part    `json:"days" nullable:"false" doc:"The session's own days, newest first"`
	User       string    `json:"user,omitempty" doc:"The session's user; absent when none is known"`
	SameUser   []Part    `json:"same_user" nullable:"false" doc:"Other sessions of the user, newest first"`
	Client     SessionID `json:"client" doc:"The session's client; all zero when none is known"`
	SameClient []Part    `json:"same_client" nullable:"false" doc:"Other sessions of the client, newest first"`
}

// Values are the values of one field, for those who choose one.
type Values struct {
	Field    string  `json:"field" doc:"The field, as it was asked for"`
	Values   []Count `json:"values" nullable:"false" doc:"Values by requests, most first"`
	Distinct int64   `json:"distinct" doc:"Values in all, also those beyond the limit"`
}

// Query is what POST /api/v1/query is asked. See store.Query.
type Query struct {
	From     string      `json:"from,omitempty" doc:"Requests that started at or after it: RFC 3339, now, or back from now as -15m, -24h, -7d" example:"-7d"`
	To       string      `json:"to,omitempty" doc:"Requests that started before it, written like from" example:"now"`
	Session  string      `json:"session,omitempty" doc:"Only the requests of this session" example:"9d71154dadd331c60b2f3a41c1d0e5aa"`
	Request  string      `json:"request,omitempty" doc:"Only this request" example:"01JV3Q7F2M9T4B8X00AB"`
	Where    []Condition `json:"where,omitempty" nullable:"false" maxItems:"100" doc:"What must hold on the same request"`
	Has      []Condition `json:"has,omitempty" nullable:"false" maxItems:"100" doc:"What must hold for some request of the same session in the time range; with not, for none"`
	By       []string    `json:"by,omitempty" nullable:"false" maxItems:"3" doc:"What requests are grouped by: fields, context.NAME, time; none for a single row" example:"[\"endpoint\"]"`
	Step     int64       `json:"step_s,omitempty" minimum:"1" maximum:"31622400" doc:"Width of a group by time, in seconds" example:"3600"`
	Measures []string    `json:"measures,omitempty" nullable:"false" maxItems:"50" doc:"What is computed for each group; requests when none are named" example:"[\"requests\",\"p95\"]"`
	Contains string      `json:"contains,omitempty" maxLength:"1024" doc:"Only groups whose first value contains it, whatever the case"`
	Order    string      `json:"order,omitempty" doc:"The measure that rows are ordered by, the most first; the first one when absent, or the time where it is grouped by" example:"p95"`
	Limit    int         `json:"limit,omitempty" minimum:"1" maximum:"10000" default:"50" doc:"How many rows to answer at the most"`
}

// Condition asks of one field that it has one of some values, or none of them.
type Condition struct {
	Field  string   `json:"field" doc:"Name of the field, or context.NAME" example:"status"`
	Not    bool     `json:"not,omitempty" doc:"None of the values"`
	Values []string `json:"values" nullable:"false" minItems:"1" maxItems:"100" doc:"Alternatives, as the query parameter of the field takes them" example:"[\"5xx\"]"`
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

// Schema tells what can be asked of the API: all that a client needs to build
// filters and queries.
type Schema struct {
	Fields   []SchemaField   `json:"fields" nullable:"false" doc:"What filters are about, and what requests are grouped by"`
	Prefixes []SchemaPrefix  `json:"prefixes" nullable:"false" doc:"What may stand before a field's name in a query string"`
	Measures []SchemaMeasure `json:"measures" nullable:"false" doc:"What a query computes for each group"`
	Sorts    []string        `json:"sorts" nullable:"false" doc:"What the list of sessions can be ordered by; the first is the default"`
	Formats  []string        `json:"formats" nullable:"false" doc:"What requests can be exported as"`
	Limits   SchemaLimits    `json:"limits"`
}

// SchemaField is a property of requests.
type SchemaField struct {
	Name      string   `json:"name" example:"duration"`
	Kind      string   `json:"kind" enum:"text,glob,endpoint,context,number,address" doc:"How its values compare"`
	Unit      string   `json:"unit,omitempty" enum:"us,bytes" doc:"What a number counts; absent where it counts nothing"`
	Doc       string   `json:"doc"`
	Example   string   `json:"example"`
	Operators []string `json:"operators" nullable:"false" doc:"How a value can be written: equals, glob, contains, range, class, less, greater, cidr"`
	Values    []string `json:"values,omitempty" nullable:"false" doc:"All values that it can have; absent where there are more than can be told"`
	Many      bool     `json:"many" doc:"Whether a request may have several values, and counts under each"`
	Group     bool     `json:"group" doc:"Whether requests can be grouped by it"`
}

// SchemaPrefix changes what a filter asks.
type SchemaPrefix struct {
	Prefix string `json:"prefix" example:"not."`
	Doc    string `json:"doc"`
}

// SchemaMeasure is what a query computes.
type SchemaMeasure struct {
	Name string `json:"name" example:"p95"`
	Unit string `json:"unit,omitempty" enum:"us,bytes" doc:"Microseconds or bytes; absent for plain numbers"`
	Doc  string `json:"doc"`
}

// SchemaLimits are the bounds of questions and answers.
type SchemaLimits struct {
	Page            int `json:"page" doc:"Rows on a page"`
	ConditionValues int `json:"condition_values" doc:"Alternatives of one filter"`
	Conditions      int `json:"conditions" doc:"Filters of one question"`
	By              int `json:"by" doc:"Fields that one query groups by"`
	Groups          int `json:"groups" doc:"Rows of one query's answer"`
	Exports         int `json:"exports" doc:"Exports that run at a time"`
}

// Curl is the command that sends a request again, as far as it is known.
type Curl struct {
	Command string   `json:"command" doc:"For a POSIX shell"`
	Notes   []string `json:"notes" nullable:"false" doc:"What the command lacks or had to guess"`
}
