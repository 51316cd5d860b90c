package point

import "testing"

func TestString(t *testing.T) {
	for _, c := range []struct {
		point Point
		want  string
	}{
		{Header("x-user-id"), `request.header["X-User-Id"]`},
		{Cookie("sid"), `request.cookie["sid"]`},
		{Cookie("a\"b\\c\x01é\xff"), "request.cookie[\"a\\\"b\\\\c\\u0001é\ufffd\"]"},
		{Query("token"), `request.query["token"]`},
		{PathParameter("jsessionid"), `request.path.parameter["jsessionid"]`},
		{IP(), `request.ip`},
		{Header("Authorization").JWTPayload("sub"), `request.header["Authorization"].jwt.payload["sub"]`},
		{Header("Authorization").BasicUser(), `request.header["Authorization"].basic.user`},
		{Point{Response, []Step{{Name: "json", Keys: []Key{{Name: "items"}, {By: All}, {By: ByIndex, Index: 3}}}}}, `response.json["items"][*][3]`},
	} {
		if got := c.point.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestThenKeepsItsOrigin(t *testing.T) {
	base := Header("Authorization")
	sub, sid := base.JWTPayload("sub"), base.JWTPayload("sid")
	if sub.String() == sid.String() || base.String() != `request.header["Authorization"]` {
		t.Errorf("points share their steps: %s, %s, %s", base, sub, sid)
	}
}
