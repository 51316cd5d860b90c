package proxy

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"slices"
)

// TLS extensions that JA4 or the fingerprint treat in their own way.
const (
	extensionServerName   = 0
	extensionALPN         = 16
	extensionPadding      = 21
	extensionPreSharedKey = 41
	extensionEarlyData    = 42
)

// ja4Of computes the JA4 of a client from its hello, and the fingerprint: the JA4
// that it would have without ALPN, padding, pre_shared_key and early_data. A
// resumption of a TLS session changes those, and a browser offers other protocols
// for a WebSocket. Format and algorithm are FoxIO's (JA4 only, BSD-3-Clause),
// https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md.
func ja4Of(hello *tls.ClientHelloInfo) (ja4, fingerprint string) {
	var (
		version    = ja4Version(hello.SupportedVersions)
		ciphers    = withoutGREASE(hello.CipherSuites)
		extensions = withoutGREASE(hello.Extensions)
		schemes    = withoutGREASE(hello.SignatureSchemes)
		name       = "i"
	)
	if slices.Contains(extensions, extensionServerName) {
		name = "d"
	}
	slices.Sort(ciphers)
	slices.Sort(extensions)
	begin, digest := fmt.Sprintf("t%s%s%02d", version, name, min(len(ciphers), 99)), ja4Digest(hexList(nil, ciphers))
	write := func(extensions []uint16, alpn string) string {
		count := min(len(extensions), 99)
		extensions = slices.DeleteFunc(slices.Clone(extensions), func(e uint16) bool {
			return e == extensionServerName || e == extensionALPN
		})
		list := hexList(nil, extensions)
		if len(list) > 0 && len(schemes) > 0 {
			list = hexList(append(list, '_'), schemes)
		}
		return fmt.Sprintf("%s%02d%s_%s_%s", begin, count, alpn, digest, ja4Digest(list))
	}
	ja4 = write(extensions, ja4ALPN(hello.SupportedProtos))
	return ja4, write(slices.DeleteFunc(extensions, func(e uint16) bool {
		return e == extensionALPN || e == extensionPadding || e == extensionPreSharedKey || e == extensionEarlyData
	}), noALPN)
}

// ja4Version is the highest version that is offered.
func ja4Version(offered []uint16) string {
	versions := withoutGREASE(offered)
	if len(versions) == 0 {
		return "00"
	}
	switch slices.Max(versions) {
	case tls.VersionTLS13:
		return "13"
	case tls.VersionTLS12:
		return "12"
	case tls.VersionTLS11:
		return "11"
	case tls.VersionTLS10:
		return "10"
	}
	return "00" // crypto/tls does not tell of older ones, and refuses them
}

// noALPN stands for a hello without ALPN.
const noALPN = "00"

// ja4ALPN is the first and last character of the first value, or of its
// hexadecimal form where one of them is neither letter nor digit.
func ja4ALPN(protocols []string) string {
	if len(protocols) == 0 || protocols[0] == "" {
		return noALPN
	}
	p := protocols[0]
	if !alphanumeric(p[0]) || !alphanumeric(p[len(p)-1]) {
		p = hex.EncodeToString([]byte(p))
	}
	return string([]byte{p[0], p[len(p)-1]})
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// withoutGREASE copies values, less those that clients make up so that servers
// learn to ignore the unknown (RFC 8701).
func withoutGREASE[V ~uint16](values []V) []uint16 {
	kept := make([]uint16, 0, len(values))
	for _, v := range values {
		if v&0x0f0f != 0x0a0a || byte(v>>8) != byte(v) {
			kept = append(kept, uint16(v))
		}
	}
	return kept
}

// hexList appends values to list, four hex digits each, with commas between.
func hexList(list []byte, values []uint16) []byte {
	for i, v := range values {
		if i > 0 {
			list = append(list, ',')
		}
		list = hex.AppendEncode(list, []byte{byte(v >> 8), byte(v)})
	}
	return list
}

// ja4Digest is the first 12 hex digits of the SHA-256 of list, zeros for nothing.
func ja4Digest(list []byte) string {
	if len(list) == 0 {
		return "000000000000"
	}
	sum := sha256.Sum256(list)
	return hex.EncodeToString(sum[:6])
}
