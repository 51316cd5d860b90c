package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sojourn/internal/record"
)

// caller is who asks, as far as it proved it.
type caller struct {
	credential record.Credential
	expires    time.Time // zero for a token
	host       string    // as the caller addresses us; checked against the allowed names
	tls        bool
	cookies    []*http.Cookie // that it brought, good or bad
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// authenticate lets nobody through to next without the admin token or the cookie
// of a signed-in browser. An Authorization header decides alone: a wrong token
// is not saved by a good cookie. What a browser sends on its own (the cookie)
// may change nothing when another site caused it.
func (a *API) authenticate(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := a.identify(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="sojourn"`)
			writeProblem(w, http.StatusUnauthorized, "sign in with a link from `sojourn sign-in`, or send the admin token as Authorization: Bearer")
			return
		}
		if who.credential == record.CredentialCookie {
			if err := crossOrigin.Check(r); err != nil {
				writeProblem(w, http.StatusForbidden, "another site caused this request: "+err.Error())
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, who)))
	})
}

func (a *API) identify(r *http.Request) (caller, bool) {
	// A browser may hold several cookies of the name (of other servers on the same
	// host); any good one will do.
	who := caller{host: r.Host, tls: r.TLS != nil, cookies: r.CookiesNamed(cookieName)}
	if r.Header.Get("Authorization") != "" {
		who.credential = record.CredentialToken
		return who, a.hasToken(r)
	}
	for _, c := range who.cookies {
		if expires, ok := a.cookies.check(c.Value, a.now()); ok {
			who.credential, who.expires = record.CredentialCookie, expires
			return who, true
		}
	}
	return who, false
}

// hasToken compares digests, so that neither the content nor the length of the
// token can be told from the time it takes.
func (a *API) hasToken(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, want := sha256.Sum256([]byte(strings.TrimSpace(token))), sha256.Sum256([]byte(a.token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

func (a *API) me(ctx context.Context, in *queryInput) (record.Me, error) {
	if _, err := ask(in.raw, nil, a.now()); err != nil {
		return record.Me{}, err
	}
	who := callerOf(ctx)
	me := record.Me{Credential: who.credential}
	if !who.expires.IsZero() {
		me.Expires = record.TimeOf(who.expires)
	}
	return me, nil
}

type cookieOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie" doc:"Removes the cookie"`
}

// signOut takes the cookie away from the browser and revokes it, so that a copy
// of it lets nobody in either, as far as revoked remembers.
func (a *API) signOut(ctx context.Context, _ *struct{}) (*cookieOutput, error) {
	who := callerOf(ctx)
	for _, c := range who.cookies {
		if forgot := a.cookies.revoke(c.Value, a.now()); forgot {
			a.log.Warn("more sign-outs than are remembered; the cookie that expires next holds again until then", "remembered", maxRevoked)
		}
	}
	return &cookieOutput{SetCookie: *sessionCookie("", -1, who.tls)}, nil
}

func (a *API) createSignInCode(ctx context.Context, _ *struct{}) (*answer[record.SignInCode], error) {
	who := callerOf(ctx)
	if who.credential != record.CredentialToken {
		return nil, huma.Error403Forbidden("only the admin token may make sign-in links; run `sojourn sign-in` on the server")
	}
	scheme := "http://"
	if who.tls {
		scheme = "https://"
	}
	return &answer[record.SignInCode]{a.SignInCode(scheme + who.host)}, nil
}
