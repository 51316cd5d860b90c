package record

// Finding is something learned about a request after it was recorded: a row of
// its own, joined when read, so that requests never change.
type Finding struct {
	ID      string    `json:"id" doc:"Deterministic: the same evidence gives the same id"`
	Request RequestID `json:"request"`
	Session SessionID `json:"session"`
	Started Time      `json:"started" doc:"Start of the request"`
	Type    string    `json:"type" example:"sqli"`
	Attack  bool      `json:"attack" doc:"Whether it counts as an attack"`
	Detail  string    `json:"detail,omitempty" doc:"The evidence, secrets masked"`
}

// Action is what a verdict asks for.
type Action string

const (
	// Pass lets the exchange through.
	Pass Action = "pass"
	// Block refuses it.
	Block Action = "block"
)

// Verdict is what the node decided for an exchange. It is always computed the
// same way; Enforced says whether the application's mode let it act.
type Verdict struct {
	Action   Action
	Reason   string // for people; empty when passing
	Enforced bool
}
