package record

import "slices"

// SavedDay is a day as a backup of a running server finds it.
type SavedDay struct {
	Day      Day    `json:"day" example:"2026-11-21"`
	Requests int64  `json:"requests"`
	Bytes    int64  `json:"bytes" doc:"Size of its file and log"`
	Version  string `json:"version,omitempty" doc:"Changes whenever the day does; absent while it is written to, and must be copied in any case"`
	Error    string `json:"error,omitempty" doc:"Why its file cannot be opened; it cannot be copied either"`
}

// Saved is what there is to back up of a store.
type Saved struct {
	Version   string     `json:"version" doc:"Version of the server"`
	Retention Retention  `json:"retention" doc:"Retention in force"`
	Install   string     `json:"install,omitempty" doc:"Names the data folder: a digest of its install key; absent while it has none"`
	Days      []SavedDay `json:"days" nullable:"false" doc:"Days, oldest first"`
	SetAside  []SetAside `json:"set_aside" nullable:"false" doc:"Files of days that could not be opened; they cannot be copied"`
}

// Erasure asks to remove the requests of a user or of a session. One of the two is
// needed; with both, a request must be of both.
type Erasure struct {
	User    string    `json:"user,omitempty" maxLength:"1024" doc:"Name of the user, as the requests have it"`
	Session SessionID `json:"session,omitzero" doc:"Session id"`
	From    string    `json:"from,omitempty" doc:"Requests that started at or after it: RFC 3339, now, or back from now as -15m, -24h, -7d" example:"-7d"`
	To      string    `json:"to,omitempty" doc:"Requests that started before it, written like from" example:"now"`
	DryRun  bool      `json:"dry_run,omitempty" doc:"Count only"`
}

// Erased tells what was removed, or what would be.
type Erased struct {
	Days     []PartRef `json:"days" nullable:"false" doc:"Days that lost requests, and how many, newest first"`
	Requests int64     `json:"requests" doc:"Requests in all"`
	Notes    []string  `json:"notes" nullable:"false" doc:"What could not be reached"`
}

// DayCheck is what was found in the file of a day.
type DayCheck struct {
	Day      Day       `json:"day" example:"2026-11-21"`
	Requests int64     `json:"requests"`
	Bytes    int64     `json:"bytes"`
	Format   int64     `json:"format"`
	Sealed   bool      `json:"sealed"`
	Troubles []Trouble `json:"troubles,omitempty"`
}

// Trouble is something that is wrong with a data folder.
type Trouble struct {
	File    string `json:"file,omitempty"`
	Problem string `json:"problem"`
	Note    bool   `json:"note,omitempty"`   // worth knowing, but nothing is wrong
	Mend    string `json:"mend,omitempty"`   // how a repair mends it; "" when it cannot
	Mended  bool   `json:"mended,omitempty"` // a repair has
}

// How troubles are mended.
const (
	MendRemove    = "remove it"
	MendSetAside  = "set the file aside, so that the day starts anew"
	MendMigrate   = "bring it up to date"
	MendSummaries = "make its summaries anew from its requests"
	MendMode      = "let only its owner read it"
)

// Add puts what another erasure of the same removed to e.
func (e *Erased) Add(more Erased) {
	for _, d := range more.Days {
		i := slices.IndexFunc(e.Days, func(have PartRef) bool { return have.Part == d.Part })
		if i < 0 {
			e.Days = append(e.Days, d)
		} else {
			e.Days[i].Requests += d.Requests
		}
	}
	e.Requests += more.Requests
	for _, note := range more.Notes {
		if !slices.Contains(e.Notes, note) {
			e.Notes = append(e.Notes, note)
		}
	}
	slices.SortFunc(e.Days, func(a, b PartRef) int { return int(b.Part) - int(a.Part) })
}
