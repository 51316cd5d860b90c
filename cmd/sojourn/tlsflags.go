package main

import (
	"fmt"

	"sojourn/internal/source/proxy"
)

// tlsFlags make the proxy speak TLS.
type tlsFlags struct {
	TLSCert []string `name:"tls-cert" help:"Certificate file (PEM) to serve the proxy over TLS, with --tls-key; repeatable. The name that a client asks for chooses among several; for any other name the first is shown. Files that change are read again." type:"path" sep:"none" placeholder:"FILE"`
	TLSKey  []string `name:"tls-key" help:"Key file (PEM) of the --tls-cert at the same place." type:"path" sep:"none" placeholder:"FILE"`
}

func (f *tlsFlags) args() (args []string) {
	for _, file := range f.TLSCert {
		args = append(args, "--tls-cert", file)
	}
	for _, file := range f.TLSKey {
		args = append(args, "--tls-key", file)
	}
	return args
}

// keyPairs returns the files as they belong together.
func (f *tlsFlags) keyPairs() ([]proxy.KeyPair, error) {
	if len(f.TLSCert) != len(f.TLSKey) {
		return nil, fmt.Errorf("--tls-cert is given %s and --tls-key %s: give both for each certificate, in the same order",
			quantity(uint64(len(f.TLSCert)), "time"), quantity(uint64(len(f.TLSKey)), "time"))
	}
	pairs := make([]proxy.KeyPair, len(f.TLSCert))
	for i := range pairs {
		pairs[i] = proxy.KeyPair{Cert: f.TLSCert[i], Key: f.TLSKey[i]}
	}
	return pairs, nil
}

// scheme is that of the proxy's address.
func (f *tlsFlags) scheme() string {
	if len(f.TLSCert) > 0 {
		return "https"
	}
	return "http"
}
