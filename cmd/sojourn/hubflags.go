package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// hubFlags are the flags of a hub that serve hands on.
type hubFlags struct {
	storeFlag
	Console            string   `help:"Address of the API and the console. Default: ${default}." default:"127.0.0.1:8070" placeholder:"HOST:PORT"`
	ConsoleHost        []string `help:"Further host name under which the console is reached; repeatable." placeholder:"NAME"`
	ConsoleCert        string   `help:"Certificate file (PEM) to serve the console over TLS." type:"existingfile" placeholder:"FILE"`
	ConsoleKey         string   `help:"Key file (PEM) of the certificate." type:"existingfile" placeholder:"FILE"`
	AllowRemoteRouting bool     `help:"Let the API and the console change where requests go, which proxies and key sets are trusted and how long days are kept."`
	ConsoleInsecure    bool     `help:"Allow the console beyond this machine without TLS: tokens and traffic can then be read on the way."`
	Retention          string   `help:"How long days are kept, such as 7d. Default: the policy's, else what an import asked for, else 7d." placeholder:"DAYS"`
	MinFree            string   `help:"Bytes of the data folder's disk that the store leaves free: with fewer, requests wait on the bus. Default: ${default}." default:"1GiB" placeholder:"SIZE"`
	MemoryLimit        string   `help:"Memory of the store's database engine. Default: ${default}." default:"1GB" placeholder:"SIZE"`
}

// args returns the command line that gives another process these flags, all but the
// store, see hand.
func (f *hubFlags) args() []string {
	args := []string{"--console", f.Console, "--memory-limit", f.MemoryLimit}
	for _, h := range f.ConsoleHost {
		args = append(args, "--console-host", h)
	}
	for _, pair := range [][2]string{{"--console-cert", f.ConsoleCert}, {"--console-key", f.ConsoleKey}, {"--retention", f.Retention}, {"--min-free", f.MinFree}} {
		if pair[1] != "" {
			args = append(args, pair[0], pair[1])
		}
	}
	if f.ConsoleInsecure {
		args = append(args, "--console-insecure")
	}
	if f.AllowRemoteRouting {
		args = append(args, "--allow-remote-routing")
	}
	return args
}

// listen binds the console's address and returns the URL for people.
func (f *hubFlags) listen() (net.Listener, string, error) {
	host, _, err := net.SplitHostPort(f.Console)
	if err != nil {
		return nil, "", fmt.Errorf("--console %s is not an address such as 127.0.0.1:8070", f.Console)
	}
	secure := f.ConsoleCert != ""
	if secure != (f.ConsoleKey != "") {
		return nil, "", errors.New("--console-cert and --console-key belong together: give both")
	}
	if !secure && !f.ConsoleInsecure && !onlyThisMachine(host) {
		return nil, "", fmt.Errorf("--console %s is reachable from other machines without TLS: give --console-cert and --console-key, or --console-insecure if something in front of it encrypts", f.Console)
	}
	l, err := net.Listen("tcp", f.Console)
	if err != nil {
		return nil, "", fmt.Errorf("the console cannot listen on %s (%w): choose another address with --console", f.Console, err)
	}
	scheme := "http"
	if secure {
		cert, err := tls.LoadX509KeyPair(f.ConsoleCert, f.ConsoleKey)
		if err != nil {
			l.Close()
			return nil, "", fmt.Errorf("--console-cert %s with --console-key %s: %w", f.ConsoleCert, f.ConsoleKey, err)
		}
		scheme = "https"
		addr := l.Addr()
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
		return l, f.url(scheme, addr), nil
	}
	return l, f.url(scheme, l.Addr()), nil
}

// url names the console as a browser on this machine, or elsewhere, reaches it.
func (f *hubFlags) url(scheme string, addr net.Addr) string {
	tcp := addr.(*net.TCPAddr)
	host := tcp.IP.String()
	switch {
	case len(f.ConsoleHost) > 0:
		host = f.ConsoleHost[0]
	case tcp.IP.IsUnspecified():
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(tcp.Port))
}

func onlyThisMachine(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
