package proxy

import (
	"cmp"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits and timeouts towards upstreams.
const (
	// dialTimeout is Config.DialTimeout where it is 0.
	dialTimeout = 10 * time.Second
	// tlsTimeout is how long an upstream's TLS handshake may take.
	tlsTimeout = 10 * time.Second
	// keepAlive is the interval of TCP keep-alive probes.
	keepAlive = 30 * time.Second
	// maxIdleUpstream is how many connections to one upstream are kept for reuse.
	maxIdleUpstream = 512
	// upstreamIdleTimeout is how long they are kept.
	upstreamIdleTimeout = 90 * time.Second
	// continueTimeout is how long an upstream may take to answer a request's
	// "Expect: 100-continue" before its body is sent all the same.
	continueTimeout = time.Second
	// maxResponseHeaderBytes is the size of a response's head; beyond it: 502.
	maxResponseHeaderBytes = 1 << 20
	// connBufferSize is the buffer of an upstream connection, in bytes, each way.
	connBufferSize = 8 << 10
	// copyBufferSize is the buffer in which a response body is copied, in bytes.
	copyBufferSize = 32 << 10
)

// newTransport returns a transport that sends what it is given: no environment
// proxy in between, no compression of its own. Upstreams are spoken to in
// HTTP/1.1.
func newTransport(cfg Config) *http.Transport {
	dialer := &net.Dialer{Timeout: cmp.Or(cfg.DialTimeout, dialTimeout), KeepAlive: keepAlive}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    tlsTimeout,
		DisableCompression:     true,
		MaxIdleConns:           0, // bounded per upstream
		MaxIdleConnsPerHost:    maxIdleUpstream,
		IdleConnTimeout:        upstreamIdleTimeout,
		ResponseHeaderTimeout:  cfg.ResponseHeaderTimeout,
		ExpectContinueTimeout:  continueTimeout,
		MaxResponseHeaderBytes: maxResponseHeaderBytes,
		WriteBufferSize:        connBufferSize,
		ReadBufferSize:         connBufferSize,
	}
}

// bufferPool lends the buffers in which response bodies are copied.
type bufferPool struct{ pool sync.Pool }

func (p *bufferPool) Get() []byte {
	if b, ok := p.pool.Get().(*[copyBufferSize]byte); ok {
		return b[:]
	}
	return new([copyBufferSize]byte)[:]
}

func (p *bufferPool) Put(b []byte) { p.pool.Put((*[copyBufferSize]byte)(b)) }
