package inspect

import (
	"time"

	"sojourn/internal/inspect/jwks"
	"sojourn/internal/inspect/point"
	"sojourn/internal/record"
)

// verifier tells of the tokens of one exchange whether a key of its policy signed
// them. A claim of one that did is as hard to forge as a secret.
type verifier struct {
	keys *jwks.Set // nil: the policy names none
	at   time.Time // that tokens must hold at: the exchange's, whenever it is inspected
}

// strength is that of a claim of token.
func (v verifier) strength(token string) record.Strength {
	if token != "" && v.keys.Verify(token, v.at) {
		return record.StrengthSecret
	}
	return record.StrengthClaimed
}

// verified reports whether each of the values that q groups by stands in a token
// that holds. One beside it that anyone can write could name somebody else.
func (q *parameter) verified(result *point.Result, by verifier) bool {
	if by.keys == nil {
		return false
	}
	for _, place := range q.places {
		value, _ := result.First(place)
		if by.strength(string(value.Token)) != record.StrengthSecret {
			return false
		}
	}
	return true
}
