package record

import "strconv"

// FileRevision stands for a policy file that the history does not hold: one that
// an import was given, or that a node began with before it was saved. It is the
// largest integer that every reader of JSON holds exactly (RFC 8259 §6), which no
// history reaches.
const FileRevision = 1<<53 - 1

// PolicyRevision is the policy as somebody saved it. Its document is kept as it
// was written, comments and all.
type PolicyRevision struct {
	Revision uint64 `json:"revision" doc:"Rises with every change; 0 is the built-in policy"`
	Saved    Time   `json:"saved,omitzero" doc:"When it came into force"`
	Author   string `json:"author,omitempty" doc:"Who saved it"`
	Comment  string `json:"comment,omitempty" doc:"What they said about it"`
	Document string `json:"document,omitempty" doc:"The document in YAML; lists leave it out"`
}

// PolicySource says what the truth about the policy is.
type PolicySource string

const (
	// PolicyFromFile is a file of the operator (--policy).
	PolicyFromFile PolicySource = "file"
	// PolicyFromAPI is what was last saved over the API.
	PolicyFromAPI PolicySource = "api"
)

// PolicyInForce is the policy by which requests are judged now.
type PolicyInForce struct {
	PolicyRevision
	Source   PolicySource    `json:"source" enum:"file,api" doc:"Where it is changed: in a file, or over this API"`
	File     string          `json:"file,omitempty" doc:"The file, on the machine of the hub"`
	Problems []PolicyProblem `json:"problems,omitempty" nullable:"false" doc:"Why this version does not understand it; absent when it does"`
	Warnings []PolicyWarning `json:"warnings,omitempty" nullable:"false" doc:"What of it can never match, or matches more than it seems to"`
}

// PolicyHistory is what GET /api/v1/policy/revisions answers.
type PolicyHistory struct {
	Revisions []PolicyRevision `json:"revisions" nullable:"false" doc:"Those that are kept, newest first, without their documents"`
}

// PolicyEdit is a new policy. Expected, or the If-Match header, guards against
// undoing what somebody else saved meanwhile.
type PolicyEdit struct {
	Document string  `json:"document" doc:"The whole document, in YAML"`
	Expected *uint64 `json:"expected,omitempty" doc:"The revision that the change was made from"`
	Comment  string  `json:"comment,omitempty" doc:"What to tell others about the change"`
}

// PolicyRollback puts an earlier revision in force again, as a new one.
type PolicyRollback struct {
	Revision uint64  `json:"revision" doc:"The revision to go back to"`
	Expected *uint64 `json:"expected,omitempty" doc:"The revision in force"`
}

// PolicyDiff is the differences between two revisions.
type PolicyDiff struct {
	From    uint64         `json:"from"`
	To      uint64         `json:"to"`
	Changes []PolicyChange `json:"changes" nullable:"false" doc:"In the order of the document"`
}

// PolicyChange is one difference between two policies.
type PolicyChange struct {
	Path   string `json:"path" doc:"The field, items of lists by what they are called, such as applications[shop].mode"`
	Before string `json:"before,omitempty" doc:"YAML on one line; absent where it was not there"`
	After  string `json:"after,omitempty" doc:"Absent where it is not there any more"`
}

// PolicyProblem is one thing that is wrong with a document.
type PolicyProblem struct {
	Line    int    `json:"line,omitempty" doc:"Counts from 1; absent when it is nowhere in particular"`
	Field   string `json:"field,omitempty" doc:"Such as applications[0].mode"`
	Problem string `json:"problem" doc:"What is wrong, and what could stand there"`
}

func (p PolicyProblem) String() string { return inDocument(p.Line, p.Field, p.Problem) }

// PolicyWarning is one thing of a valid document that is probably not meant: a
// part of it never matches, or matches everything.
type PolicyWarning struct {
	Line   int    `json:"line,omitempty" doc:"Counts from 1; absent when it is nowhere in particular"`
	Field  string `json:"field,omitempty" doc:"Such as session.parameters[0]"`
	Reason string `json:"reason" doc:"What will not be as it seems, and why"`
}

func (w PolicyWarning) String() string { return inDocument(w.Line, w.Field, w.Reason) }

func inDocument(line int, field, text string) string {
	if field != "" {
		text = field + ": " + text
	}
	if line > 0 {
		text = "line " + strconv.Itoa(line) + ": " + text
	}
	return text
}
