package identity

import "sojourn/internal/record"

// Attempt is a key of the ladder that had something to look at; Why says why what
// stood there did not count.
type Attempt = record.Attempt

// Explain climbs the built-in set and the network rung as Identify does, and
// tells of every key whose place held something, up to the one that won. The
// others of the ladder found nothing to look at.
func (i *Identifier) Explain(r *Request) []Attempt {
	network := networkOf(r)
	var v values
	v.read(r)
	var out []Attempt
	for rank := range ladder {
		s := &ladder[rank]
		if v.found[s.slot] == "" {
			continue
		}
		_, ok := s.take(r, &v, network)
		a := Attempt{Name: s.key, Point: s.pointOf(&v, network), Rung: record.RungBuiltin, Found: ok}
		if ok {
			return append(out, a)
		}
		a.Why = s.refusal()
		out = append(out, a)
	}
	return append(out, Attempt{Name: network.key.name, Point: network.key.point, Rung: record.RungNetwork, Found: true})
}

// refusal says what a value must be like for the step to take it.
func (s *step) refusal() string {
	switch {
	case s.read == readClaim:
		return "it is no JWT with the claim " + s.claim
	case s.read == readBasicUser:
		return "it holds no Basic credentials with a user name"
	case s.read == readAPIKeyScheme:
		return "its scheme is not ApiKey, Api-Key or Key"
	case s.read == readCredentials:
		return "its scheme is not Bearer or Token, or without a scheme it does not look like an id"
	case s.shape == shapeOpaque:
		return opaqueNote
	}
	return "it stands for no value, such as null or deleted"
}
