package identity

import "slices"

// BuiltinVersion is the version of the built-in set below; it rises with every
// change of it.
const BuiltinVersion = 1

// builtin is the built-in set, in the order it is tried. Within each group the
// unmistakable names come before those that anyone might use for anything.
//
// Steps with the same key share a namespace: the same value, in whatever place,
// is the same session. So a PHP session stays one when its id moves from the
// query into a cookie, and a token is one session in a header and in a cookie.
//
// Left out on purpose: cookies that change with every response (SMSESSION,
// AWSALB), that all clients of a server share (BIGipServer*, ROUTEID), or that
// only count visitors (_ga).
var builtin = slices.Concat(
	sessionHeaders,
	sessionCookies,
	claims("sid"),
	claims("sub"),
	tokens,
	apiKeys,
	[]step{{key: "basic.user", place: inHeader, name: "Authorization", read: readBasicUser}},
	sessionParameters,
)

var sessionHeaders = slices.Concat(
	each("session_id", inHeader, shapeAny, "X-Session-Id", "Session-Id", "X-Session-Token", "Session-Token",
		"X-Session-Key", "X-Session", "Sessionid", "X-Sid", "X-Auth-Session", "X-User-Session", "X-App-Session-Id",
		"X-Client-Session-Id", "X-Parse-Session-Token", "X-Wc-Session", "Cart-Token"),
	each("PHPSESSID", inHeader, shapeAny, "Phpsessid"),
	each("JSESSIONID", inHeader, shapeAny, "Jsessionid"),
)

var sessionCookies = slices.Concat(
	// Languages and frameworks.
	cookies("PHPSESSID", "JSESSIONID", "ASP.NET_SessionId", ".AspNetCore.Session"),
	chunked(".AspNetCore.Identity.Application", ".AspNetCore.Cookies", ".AspNet.ApplicationCookie", ".AspNet.Cookies"),
	cookies(".ASPXAUTH", ".ASPXFORMSAUTH", "connect.sid", "koa.sid", "koa.sess", "koa:sess", "express.sid", "express:sess",
		"sails.sid", "adonis-session", "sessionid", "laravel_session", "ci_session", "CAKEPHP", "yii_session",
		"rack.session", "beaker.session.id", "web2py_session", "play_session", "PLAY_SESSION", "_play_session",
		"ring-session", "GSESSIONID", "MOJOSESSION", "plack_session", "dancer.session", "CGISESSID", "mojolicious",
		"JSESSIONIDSSO", "LtpaToken2"),
	[]step{{key: "CFTOKEN", place: inCookie, name: "CFTOKEN", withName: "CFID"}},

	// Sign-in libraries and identity providers.
	chunked("__Secure-next-auth.session-token", "__Host-next-auth.session-token", "next-auth.session-token",
		"__Secure-authjs.session-token", "__Host-authjs.session-token", "authjs.session-token", "appSession", "_oauth2_proxy",
		"__Host-oauth2_proxy", "__Secure-oauth2_proxy", "AWSELBAuthSessionCookie", "mod_auth_openidc_session"),
	cookies("__Secure-better-auth.session_token", "better-auth.session_token", "auth_session", "ory_kratos_session",
		"authelia_session", "authentik_session", "AUTH_SESSION_ID", "KEYCLOAK_SESSION", "KEYCLOAK_IDENTITY",
		"iPlanetDirectoryPro", "MRHSession", "NSC_AAAC", "PD-S-SESSION-ID", "PD-H-SESSION-ID", "SSO_SESSION", "idsrv.session",
		"CF_AppSession", "dex_session", "casdoor_session_id", "MYSAPSSO2"),
	chunkedGlobs("sb-*-auth-token"),
	plainGlobs("_shibsession_*", "OAMAuthnCookie_*", "ory_session_*", "SAP_SESSIONID_*"),

	// Applications.
	plainGlobs("wordpress_logged_in_*", "wp_woocommerce_session_*", "ASPSESSIONID*", "MoodleSession*", "PrestaShop-*",
		"phpbb3_*_sid", "SMFCookie*", "JServSessionId*"),
	globs("SSESS*", "SESS*"), // Drupal
	cookies("fe_typo_user", "be_typo_user", "zenid", "osCsid", "XTCsid", "OCSESSID", "_secure_session_id", "bb_sessionhash",
		"bbsessionhash", "xf_session", "ips4_IPSSessionFront", "grafana_session", "user_session", "roundcube_sessid",
		"phpMyAdmin", "nc_session_id", "oc_sessionPassphrase", "sessionHash", "DokuWiki", "redmine_session", "ZM_AUTH_TOKEN",
		"metabase.SESSION", "i_like_gitea", "gitea_session", "sonar_session", "crowd.token_key", "seraph.confluence"),

	// Names that any application may use, and what Rails, Laravel and others make of its name.
	cookies("SESSION", "SESSIONID", "SESSION_ID", "SessionId", "sessionId", "session_id", "session-id", "session_token",
		"session-token", "sessionToken", "__Host-session", "__Secure-session", "__Host-sid", "session", "sess", "sessid",
		"SID", "sid", "ssid"),
	globExcept(".AspNetCore.*", ".AspNetCore.Antiforgery", ".AspNetCore.Correlation", ".AspNetCore.Culture",
		".AspNetCore.Mvc", ".AspNetCore.OpenIdConnect", ".AspNetCore.TempData"),
	globs("_*_session"),
	// A console on another port of the same host has its cookie in every request
	// of a browser that is signed in to it.
	globExcept("*_session", "sojourn_session"),
	globs("*-session", "*_sessid", "*_sessionid", "*_session_id", "*.sid"),
)

// tokenPlaces hold tokens of one kind or another: a JWT is read for its claims,
// anything else is opaque.
var tokenPlaces = slices.Concat(
	[]step{{place: inHeader, name: "Authorization", read: readCredentials}},
	each("", inHeader, shapeAny, "X-Authorization", "X-Auth-Token", "X-Access-Token", "Access-Token", "Auth-Token", "X-Token",
		"X-Id-Token", "X-User-Token", "X-Jwt-Token", "X-Jwt", "Jwt", "X-Api-Token", "Private-Token", "X-Vault-Token",
		"X-Subject-Token", "X-Forwarded-Access-Token", "X-Amzn-Oidc-Accesstoken", "X-Amzn-Oidc-Data",
		"X-Ms-Token-Aad-Access-Token", "X-Goog-Iap-Jwt-Assertion", "Cf-Access-Jwt-Assertion"),
	each("", inCookie, shapeAny, "__session", "access_token", "accessToken", "access-token", "AccessToken", "auth_token",
		"authToken", "auth-token", "id_token", "idToken", "jwt", "JWT", "jwt_token", "CF_Authorization", "Authorization",
		"authorization", "bearer", "token", "auth"),
	each("", inQuery, shapeAny, "access_token", "accesstoken", "oauth_token", "bearer_token"),
	each("", inQuery, shapeOpaque, "auth_token", "authtoken", "id_token", "jwt"),
)

// claims reads one claim wherever a token may stand. A parameter called token may
// hold anything from a page mark to a reset code, so it counts only as a JWT.
func claims(claim string) []step {
	steps := append(slices.Clone(tokenPlaces), each("", inQuery, shapeAny, "token")...)
	for i := range steps {
		steps[i].key, steps[i].read, steps[i].claim = "jwt."+claim, readClaim, claim
	}
	return steps
}

var tokens = func() []step {
	steps := slices.Clone(tokenPlaces)
	for i := range steps {
		steps[i].key = "bearer_token"
		if steps[i].read == readWhole {
			steps[i].read = readToken
		}
	}
	return steps
}()

// apiKeys count together with what the network rung knows of the client, such as
// address and User-Agent: one key serves a whole app.
var apiKeys = func() []step {
	steps := slices.Concat(
		[]step{{place: inHeader, name: "Authorization", read: readAPIKeyScheme}},
		each("", inHeader, shapeAny, "X-Api-Key", "Api-Key", "Apikey", "X-Apikey", "X-App-Key", "X-Application-Key", "X-Consumer-Key",
			"X-Client-Key", "X-Goog-Api-Key", "X-Rapidapi-Key", "X-Functions-Key", "Ocp-Apim-Subscription-Key"),
		each("", inQuery, shapeAny, "api_key", "apikey", "api-key", "x-api-key", "app_key", "appkey", "subscription-key"),
	)
	for i := range steps {
		steps[i].key = "api_key"
		if steps[i].read == readWhole {
			steps[i].read = readAPIKey
		}
	}
	return steps
}()

var sessionParameters = slices.Concat(
	each("JSESSIONID", inPath, shapeAny, "jsessionid"),
	each("PHPSESSID", inPath, shapeAny, "PHPSESSID"),
	each("PHPSESSID", inQuery, shapeAny, "PHPSESSID"),
	each("JSESSIONID", inQuery, shapeAny, "jsessionid"),
	each("ASP.NET_SessionId", inQuery, shapeAny, "ASP.NET_SessionId"),
	each("osCsid", inQuery, shapeAny, "osCsid"),
	each("zenid", inQuery, shapeOpaque, "zenid"),
	each("session_id", inQuery, shapeOpaque, "session_id", "session-id", "session_token", "sessiontoken", "session_key"),
	each("sessionid", inQuery, shapeOpaque, "sessionid"),
	each("session_id", inPath, shapeOpaque, "sessionid", "session_id"),
	each("sid", inQuery, shapeOpaque, "sid"),
	each("sid", inPath, shapeOpaque, "sid"),
)

func each(key string, place place, shape shape, names ...string) []step {
	steps := make([]step, len(names))
	for i, name := range names {
		steps[i] = step{key: key, place: place, name: name, shape: shape}
	}
	return steps
}

func cookies(names ...string) []step {
	steps := each("", inCookie, shapeAny, names...)
	for i := range steps {
		steps[i].key = steps[i].name
	}
	return steps
}

// chunked are cookies that are split into numbered ones when they are too long.
func chunked(names ...string) []step {
	steps := cookies(names...)
	for i := range steps {
		steps[i].chunked = true
	}
	return steps
}

// globs are cookies with one * in their name; their value must look like an id.
func globs(names ...string) []step {
	steps := each("", inCookie, shapeOpaque, names...)
	for i := range steps {
		steps[i].key, steps[i].glob = steps[i].name, true
	}
	return steps
}

// plainGlobs are cookies with one * in a name that nothing else has.
func plainGlobs(names ...string) []step {
	steps := globs(names...)
	for i := range steps {
		steps[i].shape = shapeAny
	}
	return steps
}

func chunkedGlobs(names ...string) []step {
	steps := globs(names...)
	for i := range steps {
		steps[i].chunked = true
	}
	return steps
}

func globExcept(name string, prefixes ...string) []step {
	steps := globs(name)
	steps[0].except = prefixes
	return steps
}
