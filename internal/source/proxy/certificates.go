package proxy

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

const (
	// certificateInterval is Config.CertificateInterval where it is 0.
	certificateInterval = 2 * time.Second
	// maxCertificateBytes is the size of a certificate or key file.
	maxCertificateBytes = 1 << 20
)

// KeyPair names the files (PEM) of a certificate, with the chain behind it, and of
// its key.
type KeyPair struct{ Cert, Key string }

// certificates are the operator's, as their files were when they last could be used.
type certificates struct {
	pairs []*pair
	log   *slog.Logger
	inUse atomic.Pointer[[]*tls.Certificate] // one of each pair
}

// pair is a KeyPair over time.
type pair struct {
	KeyPair
	seen    content // of the files when they were last looked at
	tried   content // of the files when they were last loaded, usable or not
	loaded  *tls.Certificate
	failure string // why the files could not be used, so that it is logged once
}

// content is a digest of a pair's files, or of the error that reading them gave.
type content [sha256.Size]byte

// openCertificates loads every pair.
func openCertificates(pairs []KeyPair, log *slog.Logger) (*certificates, error) {
	c := &certificates{log: log}
	for _, files := range pairs {
		p := &pair{KeyPair: files}
		cert, now, err := p.read()
		if err != nil {
			return nil, err
		}
		p.loaded, p.seen, p.tried = cert, now, now
		c.pairs = append(c.pairs, p)
	}
	c.use()
	return c, nil
}

func (c *certificates) use() {
	list := make([]*tls.Certificate, len(c.pairs))
	for i, p := range c.pairs {
		list[i] = p.loaded
	}
	c.inUse.Store(&list)
}

// choose finds the certificate for a handshake: the first that holds the name the
// client asks for and that the client can verify, else the first of all.
func (c *certificates) choose(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	list := *c.inUse.Load()
	for _, cert := range list {
		if len(list) == 1 || hello.SupportsCertificate(cert) == nil {
			return cert, nil
		}
	}
	return list[0], nil
}

// watch looks at the files every interval, until ctx ends.
func (c *certificates) watch(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.poll()
		}
	}
}

// poll loads the pairs whose files have changed and settled: two looks in a row
// have to find them alike, since a certificate and its key are not replaced in one
// step. What cannot be used is logged once, and the old stays in use.
func (c *certificates) poll() {
	for _, p := range c.pairs {
		cert, now, err := p.read()
		settled := now == p.seen
		p.seen = now
		if !settled || now == p.tried {
			continue
		}
		p.tried = now
		if err != nil {
			if text := err.Error(); text != p.failure {
				p.failure = text
				c.log.Error("a certificate cannot be used; the one from before stays in use", "error", err)
			}
			continue
		}
		p.loaded, p.failure = cert, ""
		c.use()
		c.log.Info("a certificate was read again", "file", p.Cert, "names", cert.Leaf.DNSNames, "expires", cert.Leaf.NotAfter)
	}
}

// read loads the pair from its files.
func (p *pair) read() (*tls.Certificate, content, error) {
	fail := func(err error) (*tls.Certificate, content, error) {
		return nil, sha256.Sum256([]byte(err.Error())), err
	}
	cert, err := readPEM("--tls-cert", p.Cert)
	if err != nil {
		return fail(err)
	}
	key, err := readPEM("--tls-key", p.Key)
	if err != nil {
		return fail(err)
	}
	ends := sha256.Sum256(cert)
	now := content(sha256.Sum256(append(ends[:], key...)))
	loaded, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, now, fmt.Errorf("--tls-cert %s with --tls-key %s: %w", p.Cert, p.Key, err)
	}
	return &loaded, now, nil
}

// readPEM reads the file that a flag names.
func readPEM(flag, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, path, fileCause(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxCertificateBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w", flag, path, fileCause(err))
	case len(text) > maxCertificateBytes:
		return nil, fmt.Errorf("%s %s: larger than any certificate or key: want a PEM file", flag, path)
	}
	return text, nil
}

// fileCause strips the path, which the message around it says already.
func fileCause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
