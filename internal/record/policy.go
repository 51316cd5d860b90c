package record

// PolicyRevision is the policy as somebody saved it. Its document is kept as it
// was written, comments and all.
type PolicyRevision struct {
	Revision uint64 `json:"revision" doc:"Rises with every change; 0 is the built-in policy"`
	Saved    Time   `json:"saved,omitzero" doc:"When it came into force"`
	Author   string `json:"author,omitempty" doc:"Who saved it"`
	Comment  string `json:"comment,omitempty" doc:"What they said about it"`
	Document string `json:"document,omitempty" doc:"The document in YAML; lists leave it out"`
}

// PolicyChange is one difference between two policies.
type PolicyChange struct {
	Path   string `json:"path" doc:"The field, items of lists by what they are called, such as applications[shop].mode"`
	Before string `json:"before,omitempty" doc:"YAML on one line; absent where it was not there"`
	After  string `json:"after,omitempty" doc:"Absent where it is not there any more"`
}
