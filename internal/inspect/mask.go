package inspect

import (
	"strings"

	"sojourn/internal/inspect/identity"
	"sojourn/internal/inspect/point"
	"sojourn/internal/policy"
)

// secretNames are parameters whose value is masked, as fold writes them.
var secretNames = map[string]bool{
	"pass": true, "pwd": true, "pin": true, "otp": true, "totp": true, "mfacode": true, "auth": true, "jwt": true, "ticket": true,
	"sig": true, "hmac": true, "cvv": true, "cvc": true, "cardnumber": true, "assertion": true, "clientassertion": true,
	"samlresponse": true, "samlart": true, "codeverifier": true, "phpsessid": true, "jsessionid": true, "zenid": true,
	"oscsid": true, "cftoken": true, "xamzcredential": true, "googleaccessid": true, "connectsid": true,
}

// secretEnds are endings of such names.
var secretEnds = []string{
	"password", "passwd", "passphrase", "passcode", "secret", "token", "apikey", "appkey", "accesskey", "privatekey", "secretkey",
	"subscriptionkey", "signature", "credentials", "sessionid", "sessid", "sessionkey", "sessionhash", "authorization",
}

// maybeSecretNames are masked when the value looks like a random id.
var maybeSecretNames = map[string]bool{
	"sid": true, "s": true, "session": true, "code": true, "key": true, "hash": true, "state": true, "nonce": true, "cookie": true,
	"invite": true, "magic": true, "license": true,
}

// maxFold is how much of a parameter's name is looked at, from its end.
const maxFold = 96

// maskQuery returns what is kept of a query: values of well-known secret names,
// JWTs, and the value that grouped the request are replaced by a mark. secret is
// that value, or "".
func maskQuery(query, secret string, keep policy.KeepQuery) string {
	if query == "" || keep == policy.KeepQueryNone {
		return ""
	}
	if keep != policy.KeepQueryNames && !anyMasked(query, secret) {
		return query
	}
	var b strings.Builder
	scan := point.ScanQuery(query)
	for p, ok := scan.Next(); ok; p, ok = scan.Next() {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		name, value := maskParameter(p, secret)
		b.WriteString(name)
		if p.Assigned && keep != policy.KeepQueryNames {
			b.WriteByte('=')
			b.WriteString(value)
		}
	}
	return b.String()
}

func anyMasked(query, secret string) bool {
	scan := point.ScanQuery(query)
	for p, ok := scan.Next(); ok; p, ok = scan.Next() {
		if name, value := maskParameter(p, secret); name != p.Name || value != p.Value {
			return true
		}
	}
	// What is not read is not kept either.
	return scan.Cut
}

// maskParameter returns a parameter's name and value as they are kept.
func maskParameter(p point.Parameter, secret string) (name, value string) {
	if !p.Assigned {
		if isSecret(p.Name, secret) {
			return point.Masked, "" // a token stands alone
		}
		return p.Name, ""
	}
	if p.Value != "" && (secretName(p.Name, p.Value) || isSecret(p.Value, secret)) {
		return p.Name, point.Masked
	}
	return p.Name, p.Value
}

// secretName reports whether a name says that its value is secret.
func secretName(name, value string) bool {
	var buf [maxFold]byte
	folded := fold(buf[:0], name)
	if secretNames[string(folded)] || maybeSecretNames[string(folded)] && identity.Opaque(value) {
		return true
	}
	for _, end := range secretEnds {
		if strings.HasSuffix(string(folded), end) {
			return true
		}
	}
	return false
}

// fold appends the letters and digits of a name, decoded, in lower case:
// accessToken, access-token and user[access_token] end alike.
func fold(b []byte, name string) []byte {
	if len(name) > maxFold {
		name = name[len(name)-maxFold:]
	}
	var raw [maxFold]byte
	for _, c := range point.AppendUnescaped(raw[:0], name, true) {
		switch {
		case 'A' <= c && c <= 'Z':
			b = append(b, c|0x20)
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			b = append(b, c)
		}
	}
	return b
}

// isSecret reports whether a value is secret whatever its name. The value that
// grouped the request counts only when it looks like an id: else a client could
// hide any text by sending it as its session cookie too.
func isSecret(value, secret string) bool {
	if isJWT(value) {
		return true
	}
	return secret != "" && len(value) >= len(secret) && identity.Opaque(secret) && point.Unescape(value) == secret
}

// isJWT reports whether s has the look of a JWT: two dots between base64url, the
// first part beginning like a JSON object.
func isJWT(s string) bool {
	if len(s) < 20 || s[0] != 'e' {
		return false
	}
	dots := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			dots++
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '=':
		default:
			return false
		}
	}
	return dots == 2 || dots == 4
}

// maskPath returns a path with session ids in its parameters, and segments that
// are secret, replaced by a mark.
func maskPath(path, secret string) string {
	if !pathMayHoldSecret(path, secret) {
		return path
	}
	var b strings.Builder
	if userinfo := userinfoEnd(path); userinfo > 0 {
		b.WriteString(path[:strings.Index(path, "://")+3] + point.Masked)
		path = path[userinfo:]
	}
	for {
		segment, rest, more := strings.Cut(path, "/")
		maskSegment(&b, segment, secret)
		if !more {
			return b.String()
		}
		b.WriteByte('/')
		path = rest
	}
}

func pathMayHoldSecret(path, secret string) bool {
	return strings.IndexByte(path, ';') >= 0 || strings.Contains(path, "/ey") || strings.Contains(path, "/(") ||
		strings.Contains(path, "://") || len(secret) > 0 && identity.Opaque(secret) &&
		(strings.Contains(path, secret) || strings.IndexByte(path, '%') >= 0)
}

func maskSegment(b *strings.Builder, segment, secret string) {
	name, params, hasParams := strings.Cut(segment, ";")
	switch {
	case isSecret(name, secret), isCookieless(name):
		b.WriteString(point.Masked)
	default:
		b.WriteString(name)
	}
	for hasParams {
		var pair string
		pair, params, hasParams = strings.Cut(params, ";")
		b.WriteByte(';')
		key, value, assigned := strings.Cut(pair, "=")
		switch {
		case assigned && value != "" && (secretName(key, value) || isSecret(value, secret)):
			b.WriteString(key + "=" + point.Masked)
		case isSecret(pair, secret):
			b.WriteString(point.Masked)
		default:
			b.WriteString(pair)
		}
	}
}

// isCookieless: ASP.NET keeps a session without cookies as a segment (S(id)).
func isCookieless(segment string) bool {
	return len(segment) > 4 && segment[0] == '(' && segment[2] == '(' && strings.HasSuffix(segment, "))")
}

// userinfoEnd returns where the user and password in a target of absolute form
// end, at the @; 0 when there are none.
func userinfoEnd(path string) int {
	scheme := strings.Index(path, "://")
	if scheme < 0 || strings.IndexByte(path, '/') < scheme {
		return 0
	}
	authority, _, _ := strings.Cut(path[scheme+3:], "/")
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return 0
	}
	return scheme + 3 + at
}
