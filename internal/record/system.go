package record

// System is the state of the whole installation, as GET /api/v1/system shows it.
type System struct {
	Version   string       `json:"version" example:"0.1.0"`
	Started   Time         `json:"started" doc:"When the hub started"`
	Retention Retention    `json:"retention"`
	Revision  uint64       `json:"revision" doc:"Revision of the policy in force"`
	Nodes     []NodeStatus `json:"nodes" nullable:"false" doc:"Nodes that answered within half a second"`
	Bus       BusStatus    `json:"bus"`
	Writer    WriterStatus `json:"writer"`
	Disk      DiskStatus   `json:"disk" doc:"The disk of the data folder"`
	Days      []DayStatus  `json:"days" nullable:"false" doc:"Days in the store, newest first"`
	SetAside  []SetAside   `json:"set_aside" nullable:"false" doc:"Files of days that could not be opened"`
}

// Retention is how long, and in how many bytes, days are kept.
type Retention struct {
	Days  int   `json:"days" doc:"UTC days kept, today included"`
	Bytes int64 `json:"bytes" doc:"Byte budget of all days; 0 for none"`
}

// NodeStatus is what a node tells of itself.
type NodeStatus struct {
	Name      string            `json:"name"`
	Started   Time              `json:"started"`
	Proxy     string            `json:"proxy" doc:"Address of its proxy; empty when it runs none"`
	Exchanges uint64            `json:"exchanges" doc:"Exchanges that came in"`
	Recorded  uint64            `json:"recorded" doc:"Requests that the bus acknowledged"`
	Excluded  uint64            `json:"excluded" doc:"Requests that a capture filter or mode off left out"`
	Waiting   int64             `json:"waiting" doc:"Requests on their way to the bus"`
	Lost      map[string]uint64 `json:"lost" doc:"Requests lost, by reason"`
	Upstreams []UpstreamStatus  `json:"upstreams" nullable:"false"`
	KeySets   []KeySetStatus    `json:"key_sets,omitempty" doc:"Key sets that verify tokens, in the order of the policy; absent when it names none"`
}

// KeySetStatus says what a node has of a key set that the policy names.
type KeySetStatus struct {
	Source  string `json:"source" doc:"File or URL"`
	Keys    int    `json:"keys" doc:"Keys in force"`
	Ignored int    `json:"ignored,omitempty" doc:"Keys that cannot verify tokens, or are not understood"`
	Read    Time   `json:"read,omitzero" doc:"When it was read, or confirmed, last; absent: never"`
	Error   string `json:"error,omitempty" doc:"Why it cannot be read now; the keys before stay in force"`
}

// UpstreamStatus says whether an upstream answers.
type UpstreamStatus struct {
	URL    string `json:"url"`
	Errors uint64 `json:"errors" doc:"Exchanges it did not answer"`
	Error  string `json:"error,omitempty" doc:"The last error, when the newest exchange failed"`
}

// BusStatus is the state of the stream between nodes and hub.
type BusStatus struct {
	Connected bool   `json:"connected"`
	Messages  uint64 `json:"messages" doc:"Batches waiting for the writer"`
	Bytes     uint64 `json:"bytes"`
	MaxBytes  int64  `json:"max_bytes" doc:"Limit; beyond it new records are refused and counted"`
}

// WriterStatus is what the writer has done since the hub started.
type WriterStatus struct {
	Stored  uint64 `json:"stored" doc:"Requests written to the store"`
	Skipped uint64 `json:"skipped" doc:"Requests delivered again that the store already had"`
	TooOld  uint64 `json:"too_old" doc:"Requests older than the retention"`
	Future  uint64 `json:"future" doc:"Requests more than a day in the future"`
	Errors  uint64 `json:"errors" doc:"Writes that failed and were tried again"`
	Held    uint64 `json:"held" doc:"Requests that wait on the bus because their day does not take them; later ones of other days are stored"`
	Error   string `json:"error,omitempty" doc:"The last error, while writing fails"`
}

// DiskStatus is the room on the disk of the data folder.
type DiskStatus struct {
	Free    int64 `json:"free" doc:"Bytes that are left"`
	MinFree int64 `json:"min_free" doc:"The writer stops when fewer are left; 0 for no such floor"`
	Paused  bool  `json:"paused" doc:"Whether it has stopped: requests wait on the bus"`
}

// DayStatus is one day of the store.
type DayStatus struct {
	Day      Day    `json:"day" example:"2026-11-21"`
	Requests int64  `json:"requests"`
	Bytes    int64  `json:"bytes" doc:"Size of its file"`
	Sealed   bool   `json:"sealed" doc:"Compacted since its last write"`
	Error    string `json:"error,omitempty" doc:"Why its file cannot be opened, while it cannot; requests and sealed are unknown then"`
}

// SetAside is a day's file that could not be opened and was moved away.
type SetAside struct {
	File   string `json:"file"`
	Day    Day    `json:"day,omitzero" example:"2026-11-21" doc:"The day that it was; a new file may have begun since"`
	Reason string `json:"reason"`
}
