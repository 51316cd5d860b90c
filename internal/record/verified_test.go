package record

import "testing"

func TestVerified(t *testing.T) {
	for _, c := range []struct {
		point    string
		strength Strength
		want     bool
	}{
		{`request.header["Authorization"].jwt.payload["sub"]`, StrengthSecret, true},
		{`request.header["Authorization"].jwt.payload["sub"]`, StrengthClaimed, false},
		{`request.cookie["a\"b"].base64.jwt.payload["x"].base64.json["y"]`, StrengthSecret, true},
		{`request.ip + request.query["t"].jwt.payload["sub"]`, StrengthNetwork, false},
		{`request.header["Authorization"].jwt.header["kid"]`, StrengthSecret, false},
		{`request.cookie["_x.jwt.payload_session"]`, StrengthSecret, false},
		{`request.cookie["a\".jwt.payload_session"]`, StrengthSecret, false},
		{`request.cookie["a\\"].jwt.payload["sub"]`, StrengthSecret, true},
		{`request.cookie["PHPSESSID"]`, StrengthSecret, false},
		{`request.cookie["open`, StrengthSecret, false},
		{``, StrengthSecret, false},
	} {
		if got := Verified(c.point, c.strength); got != c.want {
			t.Errorf("%s, %s: %v", c.point, c.strength, got)
		}
	}
}
