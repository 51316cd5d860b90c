package proxy

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"sojourn/internal/exchange"
)

// terminate makes s speak TLS with the certificates in use, on l. net/http offers
// HTTP/2 and HTTP/1.1. One tls.Config serves all connections, so that clients can
// resume their TLS sessions also after a certificate has changed.
func (s *Server) terminate(l net.Listener) net.Listener {
	s.http.TLSConfig = &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetCertificate:     s.certificates.choose,
		GetConfigForClient: rememberHello,
	}
	s.http.ConnContext = withHello
	return helloListener{l}
}

// helloConn is a client's connection below TLS, and what its hello tells of the
// client. That is written during the handshake, before the first request.
type helloConn struct {
	net.Conn
	ja4, fingerprint string
}

type helloListener struct{ net.Listener }

func (l helloListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &helloConn{Conn: conn}, nil
}

// rememberHello is tls.Config.GetConfigForClient. It changes nothing of the
// configuration.
func rememberHello(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if conn, ok := hello.Conn.(*helloConn); ok {
		conn.ja4, conn.fingerprint = ja4Of(hello)
	}
	return nil, nil
}

// helloKey finds a connection's *helloConn in the context of its requests.
type helloKey struct{}

// withHello is http.Server.ConnContext.
func withHello(ctx context.Context, conn net.Conn) context.Context {
	if secure, ok := conn.(*tls.Conn); ok {
		return context.WithValue(ctx, helloKey{}, secure.NetConn())
	}
	return ctx
}

// setHello notes in x what the hello of the request's connection told.
func setHello(x *exchange.Exchange, r *http.Request) {
	if conn, ok := r.Context().Value(helloKey{}).(*helloConn); ok {
		x.JA4, x.Fingerprint = conn.ja4, conn.fingerprint
	}
}

// serverLog takes what net/http logs. Connections on which TLS or HTTP/2 cannot
// begin are counted: anyone can make them, at any rate.
type serverLog struct {
	log      *slog.Logger
	failures prometheus.Counter
}

func (l *serverLog) Write(line []byte) (int, error) {
	text := strings.TrimSuffix(string(line), "\n")
	broken := strings.HasPrefix(text, "http2: ") && !strings.HasPrefix(text, "http2: panic")
	if broken || strings.HasPrefix(text, "http: TLS handshake error") {
		l.failures.Inc()
		l.log.Debug(text)
	} else {
		l.log.Warn(text)
	}
	return len(line), nil
}
