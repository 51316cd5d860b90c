package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"sojourn/internal/policy"
	"sojourn/internal/record"
)

// errPolicyAway marks a fault of the keeper.
var errPolicyAway = errors.New("the policy cannot be reached now; try again, the hub's log says more")

// keeperFailed marks what is not about the policy itself.
func keeperFailed(err error) error {
	if errors.As(err, new(*policy.Error)) || errors.As(err, new(*policy.ConflictError)) || errors.As(err, new(*policy.NoRevisionError)) {
		return err
	}
	return fmt.Errorf("%w: %w", errPolicyAway, err)
}

// policyRefusal is the problem of a change of the policy.
type policyRefusal struct {
	huma.ErrorModel
	Current  *uint64                `json:"current,omitempty" doc:"The revision in force, where another one was expected"`
	Problems []record.PolicyProblem `json:"problems,omitempty" nullable:"false" doc:"What is wrong with the document"`
}

func refuse(status int, detail string) *policyRefusal {
	return &policyRefusal{ErrorModel: huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail}}
}

// refusalOf returns the problem of an error about the policy; nil for any other.
func refusalOf(err error) error {
	conflict, none := new(policy.ConflictError), new(policy.NoRevisionError)
	switch {
	case errors.As(err, &conflict):
		r := refuse(http.StatusConflict, conflict.Error())
		r.Current = &conflict.Current
		return r
	case errors.As(err, &none):
		return huma.Error404NotFound(none.Error())
	case errors.As(err, new(*policy.Error)):
		r := refuse(http.StatusUnprocessableEntity, "")
		r.Problems = problemsOf(err)
		first := policy.Problems(err)[0]
		r.Detail = clip(first.Error())
		if more := len(r.Problems) - 1; more > 0 {
			r.Detail += fmt.Sprintf("; and %d more", more)
		}
		return r
	}
	return nil
}

func problemsOf(err error) []record.PolicyProblem {
	var out []record.PolicyProblem
	for _, p := range policy.Problems(err) {
		out = append(out, record.PolicyProblem{Line: p.Line, Field: p.Field, Problem: p.Problem})
	}
	return out
}
