package api

import (
	"net/http"
	"net/url"
	"strings"

	"sojourn/internal/record"
)

const signInPath = "/sign-in"

// refusedPage is shown for a code that does not work. It holds nothing of the
// request and needs nothing else to show.
const refusedPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sojourn: sign in</title>
<h1>This sign-in link does not work</h1>
<p>A link works once, for 15 minutes, and not after a restart.
<p>To get a new one, run this where Sojourn runs: <code>sojourn sign-in</code>
`

// SignInCode makes a link below base, the console's address such as
// http://127.0.0.1:8070, that signs one browser in.
func (a *API) SignInCode(base string) record.SignInCode {
	text, expires := a.codes.issue(a.now())
	return record.SignInCode{
		Link:    strings.TrimSuffix(base, "/") + signInPath + "?" + url.Values{"code": {text}}.Encode(),
		Code:    text,
		Expires: record.TimeOf(expires),
	}
}

// signIn exchanges a one-time code for the cookie. Only a browser that is being
// looked at may use the code up: not HEAD, and not one that fetches ahead.
func (a *API) signIn(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodHead:
		return
	case strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch"):
		writeProblem(w, http.StatusServiceUnavailable, "a sign-in link is not fetched ahead")
		return
	case !a.codes.redeem(r.URL.Query().Get("code"), a.now()):
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(refusedPage))
		return
	}
	http.SetCookie(w, a.cookies.issue(a.now(), r.TLS != nil))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
