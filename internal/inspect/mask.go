package inspect

import (
	"bytes"
	"strings"

	"sojourn/internal/inspect/identity"
	"sojourn/internal/inspect/point"
	"sojourn/internal/policy"
)

// secretNames are parameters whose value is masked, as fold writes them.
var secretNames = map[string]bool{
	"pass": true, "pwd": true, "pw": true, "pin": true, "otp": true, "totp": true, "mfacode": true, "auth": true, "jwt": true,
	"bearer": true, "ticket": true, "sig": true, "hmac": true, "cvv": true, "cvc": true, "cardnumber": true, "assertion": true,
	"clientassertion": true, "samlresponse": true, "samlart": true, "codeverifier": true, "phpsessid": true, "jsessionid": true,
	"zenid": true, "oscsid": true, "cftoken": true, "xamzcredential": true, "googleaccessid": true, "connectsid": true,
	"csrf": true, "xsrf": true,
}

// secretEnds are endings of such names.
var secretEnds = []string{
	"passcode", "secret", "token", "apikey", "appkey", "authkey", "accesskey", "privatekey", "secretkey", "subscriptionkey",
	"signature", "credential", "credentials", "sessionid", "sessid", "sessionkey", "sessionhash", "authorization",
	"verificationcode", "confirmationcode", "activationcode", "resetcode", "authcode", "logincode", "smscode", "otpcode",
}

// secretParts make a name secret wherever they stand in it: password_confirmation.
var secretParts = []string{"password", "passwd", "passphrase", "passwort"}

// maybeSecretNames are masked when the value looks like a random id.
var maybeSecretNames = map[string]bool{
	"sid": true, "s": true, "session": true, "code": true, "key": true, "hash": true, "state": true, "nonce": true, "cookie": true,
	"invite": true, "magic": true, "license": true, "appid": true,
}

// secretPlaces are segments of a path behind which a random id is a secret, in
// addition to the names above: whoever has the link may do what it is for.
var secretPlaces = map[string]bool{
	"reset": true, "verify": true, "confirm": true, "activate": true, "invite": true, "invitation": true, "magic": true,
	"magiclink": true, "unsubscribe": true,
}

// maxFold is how much of a parameter's name is looked at, from its end.
const maxFold = 96

// maskQuery returns what is kept of a query: values of well-known secret names,
// JWTs, and the value that grouped the request are replaced by a mark. secret is
// that value, or ""; by names what the policy masks.
func maskQuery(query, secret string, keep policy.KeepQuery, by *parameters) string {
	if query == "" || keep == policy.KeepQueryNone {
		return ""
	}
	if keep != policy.KeepQueryNames && !anyMasked(query, secret, by) {
		return query
	}
	var b strings.Builder
	scan := point.ScanQuery(query)
	for p, ok := scan.Next(); ok; p, ok = scan.Next() {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		name, value := maskParameter(p, secret, by)
		b.WriteString(name)
		if p.Assigned && keep != policy.KeepQueryNames {
			b.WriteByte('=')
			b.WriteString(value)
		}
	}
	return b.String()
}

func anyMasked(query, secret string, by *parameters) bool {
	scan := point.ScanQuery(query)
	for p, ok := scan.Next(); ok; p, ok = scan.Next() {
		if name, value := maskParameter(p, secret, by); name != p.Name || value != p.Value {
			return true
		}
	}
	// What is not read is not kept either.
	return scan.Cut
}

// maskParameter returns a parameter's name and value as they are kept.
func maskParameter(p point.Parameter, secret string, by *parameters) (name, value string) {
	name, value = p.Name, p.Value
	alone := strings.Trim(value, "=") == "" // what follows is the padding of base64, if anything
	if isSecret(name, secret) || alone && identity.Opaque(name) {
		name = point.Masked // a token stands alone
	}
	if !alone && (secretName(name, value) || by.queryMasked(name) || isSecret(value, secret) || hidesSecret(value)) {
		value = point.Masked
	}
	return name, value
}

// secretName reports whether a name says that its value is secret.
func secretName(name, value string) bool {
	if name == "" {
		return false
	}
	var buf [maxFold]byte
	folded := bytes.TrimRight(fold(buf[:0], name), "0123456789") // token[0], password2
	if secretNames[string(folded)] || maybeSecretNames[string(folded)] && identity.Opaque(value) {
		return true
	}
	for _, end := range secretEnds {
		if strings.HasSuffix(string(folded), end) {
			return true
		}
	}
	for _, part := range secretParts {
		if strings.Contains(string(folded), part) {
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
	if len(value) < minSecret {
		return false
	}
	value = point.Unescape(value)
	return isJWT(value) || len(value) >= len(secret) && identity.Opaque(secret) && strings.Contains(value, secret)
}

// minSecret is the length of the shortest value that isSecret knows.
const minSecret = 16

// isJWT reports whether s has the look of a JWT: two dots between base64url, the
// first part beginning like a JSON object, with a quote or a line break after its brace.
func isJWT(s string) bool {
	if len(s) < 20 || s[0] != 'e' || s[1] != 'y' && s[1] != 'w' {
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

// maskAgent takes the value that grouped the request out of a User-Agent.
func maskAgent(agent, secret string) string {
	if len(secret) < minSecret || !identity.Opaque(secret) {
		return agent
	}
	return strings.ReplaceAll(agent, secret, point.Masked)
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
	behindSecretPlace := false
	for {
		segment, rest, more := strings.Cut(path, "/")
		if behindSecretPlace && identity.Opaque(segment) {
			b.WriteString(point.Masked)
		} else {
			maskSegment(&b, segment, secret)
		}
		if !more {
			return b.String()
		}
		behindSecretPlace = behindSecretPlace || secretPlace(segment)
		b.WriteByte('/')
		path = rest
	}
}

func pathMayHoldSecret(path, secret string) bool {
	for i := range len(path) {
		switch path[i] {
		case ';', '%', '(', '=', ':':
			return true
		}
	}
	if strings.Contains(path, "/ey") || strings.Contains(path, "/ew") || identity.Opaque(secret) && strings.Contains(path, secret) {
		return true
	}
	for segment := range strings.SplitSeq(path, "/") {
		if len(segment) >= minSecret && identity.Opaque(segment) {
			return true
		}
	}
	return false
}

// secretPlace reports whether a random id behind this segment is a secret.
func secretPlace(segment string) bool {
	var buf [maxFold]byte
	return secretPlaces[string(fold(buf[:0], segment))] || secretName(segment, "")
}

func maskSegment(b *strings.Builder, segment, secret string) {
	name, sep, params := cutParameter(segment)
	switch {
	case isSecret(name, secret), isCookieless(point.Unescape(name)), hidesSecret(name):
		b.WriteString(point.Masked)
	default:
		b.WriteString(name)
	}
	for sep != "" {
		b.WriteString(sep)
		var pair string
		pair, sep, params = cutParameter(params)
		key, value, assigned := strings.Cut(pair, "=")
		switch {
		case assigned && value != "" && (secretName(key, value) || isSecret(value, secret)):
			b.WriteString(key + "=" + point.Masked)
		case isSecret(pair, secret), hidesSecret(pair):
			b.WriteString(point.Masked)
		default:
			b.WriteString(pair)
		}
	}
}

// cutParameter cuts at the first semicolon, be it encoded: crawlers send
// /page%3Bjsessionid=1.
func cutParameter(s string) (before, sep, after string) {
	for i := range len(s) {
		switch {
		case s[i] == ';':
			return s[:i], s[i : i+1], s[i+1:]
		case s[i] == '%' && len(s) >= i+3 && strings.EqualFold(s[i:i+3], "%3b"):
			return s[:i], s[i : i+3], s[i+3:]
		}
	}
	return s, "", ""
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
