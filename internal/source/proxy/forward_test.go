package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// echoHead answers with the head of the request as it arrived.
func echoHead(conn net.Conn, r *bufio.Reader) {
	head := readHead(r)
	fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(head), head)
}

// arrives sends head through a proxy and returns what reached the upstream.
func arrives(t *testing.T, s *Server, head string) (line string, header http.Header) {
	t.Helper()
	conn, r := dial(t, s)
	io.WriteString(conn, head)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("%q: %v", head, err)
	}
	tp := textproto.NewReader(bufio.NewReader(res.Body))
	line, err = tp.ReadLine()
	if err != nil {
		t.Fatalf("%q: %s: %v", head, res.Status, err)
	}
	mime, err := tp.ReadMIMEHeader()
	if err != nil {
		t.Fatalf("%q: %v", head, err)
	}
	return line, http.Header(mime)
}

func TestRequestTargetIsUntouched(t *testing.T) {
	w := newWatcher()
	up := rawUpstream(t, echoHead)
	plain := start(t, Config{Inspector: w, Upstream: up})
	based := start(t, Config{Inspector: newWatcher(), Upstream: up + "/base%2F/"})
	f := func(target, path, query string) {
		t.Helper()
		head := "GET " + target + " HTTP/1.1\r\nHost: shop.test\r\n\r\n"
		want := path
		if strings.Contains(target, "?") {
			want += "?" + query
		}
		if line, _ := arrives(t, plain, head); line != "GET "+want+" HTTP/1.1" {
			t.Errorf("target %q arrived as %q", target, line)
		}
		if x := w.next(t); x.Path != path || x.Query != query || x.Host != "shop.test" {
			t.Errorf("target %q: exchange has host %q, path %q, query %q", target, x.Host, x.Path, x.Query)
		}
		if line, _ := arrives(t, based, head); line != "GET /base%2F"+want+" HTTP/1.1" {
			t.Errorf("target %q arrived under the base path as %q", target, line)
		}
	}
	f("/", "/", "")
	f("/a/b?c=d", "/a/b", "c=d")
	f("/?", "/", "")
	f("/x??", "/x", "?")
	f("/?a=&b&=c", "/", "a=&b&=c")
	f("/?a=1;b=2", "/", "a=1;b=2")
	f("/?q=%zz%", "/", "q=%zz%")
	f("/?q=a+b%20c|{}\"<>", "/", "q=a+b%20c|{}\"<>")
	f("/a%2Fb%2fc", "/a%2Fb%2fc", "")
	f("/a;v=1/b;w", "/a;v=1/b;w", "")
	f("/a//b/../c/./", "/a//b/../c/./", "")
	f("//a/b", "//a/b", "")
	f("/%e2%82%AC/%41", "/%e2%82%AC/%41", "")
	f("/caf\xc3\xa9/\xff", "/caf\xc3\xa9/\xff", "")
	f("/a|b{}^`\"<>\\", "/a|b{}^`\"<>\\", "")
	f("/a#b", "/a#b", "")
	f("/"+strings.Repeat("long/", 2000), "/"+strings.Repeat("long/", 2000), "")
	// The absolute form becomes the origin form; its authority is the host.
	f("http://shop.test/a?b", "/a", "b")
	f("http://shop.test", "/", "")
	f("http://shop.test?b", "/", "b")
}

// FuzzRawTarget: whatever net/http takes for a request, the path and the query
// are literally in its target.
func FuzzRawTarget(f *testing.F) {
	for _, target := range []string{"/", "/a?b", "*", "//a/%2f;x?", "http://h", "HTTP://h?q#", "a:b", "/?://x"} {
		f.Add("GET", target)
	}
	f.Fuzz(func(t *testing.T, method, target string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.1\r\nHost: h\r\n\r\n")))
		if err != nil {
			return
		}
		path, query := rawTarget(r)
		whole := path
		if query != "" {
			whole += "?" + query
		}
		switch {
		case r.Method == http.MethodConnect:
			if whole != "" {
				t.Errorf("CONNECT %q: %q", target, whole)
			}
		case path != "/" && !strings.Contains(r.RequestURI, whole), path == "/" && !strings.HasSuffix(r.RequestURI, query):
			t.Errorf("%q: path %q, query %q", r.RequestURI, path, query)
		case strings.Contains(path, "?") || !strings.HasPrefix(path, "/") && strings.HasPrefix(r.RequestURI, "/"):
			t.Errorf("%q: path %q", r.RequestURI, path)
		}
	})
}

func TestOptionsOfTheServer(t *testing.T) {
	w := newWatcher()
	s := start(t, Config{Inspector: w, Upstream: rawUpstream(t, echoHead)})
	line, _ := arrives(t, s, "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")
	if x := w.next(t); line != "OPTIONS * HTTP/1.1" || x.Path != "*" {
		t.Errorf("arrived as %q, recorded path %q", line, x.Path)
	}
}

func TestRequestHeaders(t *testing.T) {
	s := start(t, Config{Inspector: newWatcher(), Upstream: rawUpstream(t, echoHead)})
	f := func(name, sent string, want http.Header) {
		t.Run(name, func(t *testing.T) {
			for name, value := range map[string]string{
				"Host": "shop.test:81", "X-Forwarded-For": "127.0.0.1",
				"X-Forwarded-Host": "shop.test:81", "X-Forwarded-Proto": "http",
			} {
				if want[name] == nil {
					want.Set(name, value)
				}
			}
			_, got := arrives(t, s, "GET / HTTP/1.1\r\nHost: shop.test:81\r\n"+sent+"\r\n")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
	f("nothing is added", "", http.Header{})
	f("passed on", "User-Agent: x\r\nAccept-Encoding: br;q=1\r\nCookie: a=b\r\nCookie: c=d\r\nX-Empty:\r\nTE: trailers\r\n", http.Header{
		"User-Agent": {"x"}, "Accept-Encoding": {"br;q=1"}, "Cookie": {"a=b", "c=d"}, "X-Empty": {""}, "Te": {"trailers"},
	})
	f("hop by hop", "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Authorization: x\r\nProxy-Connection: x\r\nUpgrade: h2c\r\n", http.Header{})
	f("behind another proxy", "X-Forwarded-For: 10.1.1.1, 10.2.2.2\r\nX-Forwarded-For: 10.3.3.3\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: www.test\r\nForwarded: for=10.1.1.1\r\n", http.Header{
		"X-Forwarded-For":   {"10.1.1.1, 10.2.2.2, 10.3.3.3, 127.0.0.1"},
		"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"www.test"}, "Forwarded": {"for=10.1.1.1"},
	})
	f("a client cannot strip ours", "Connection: X-Forwarded-For, X-Forwarded-Proto\r\nX-Forwarded-For: 10.1.1.1\r\n", http.Header{
		"X-Forwarded-For": {"10.1.1.1, 127.0.0.1"},
	})
}

func TestResponseIsUntouched(t *testing.T) {
	f := func(name, request, sent, want string) {
		t.Run(name, func(t *testing.T) {
			s := start(t, Config{Inspector: newWatcher(), Upstream: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
				readHead(r)
				io.WriteString(conn, sent)
			})})
			conn, r := dial(t, s)
			io.WriteString(conn, request)
			got, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
		})
	}
	const get = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
	const date = "Date: Sat, 21 Nov 2026 10:00:00 GMT\r\n"
	f("no content type is guessed, no Alt-Svc passed", get,
		"HTTP/1.1 200 Fine\r\nContent-Length: 6\r\nAlt-Svc: h3=\":443\"\r\n"+date+"Set-Cookie: a\r\nSet-Cookie: b\r\n\r\n<html>",
		"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n"+date+"Set-Cookie: a\r\nSet-Cookie: b\r\nConnection: close\r\n\r\n<html>")
	f("compressed stays compressed", get,
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n"+date+"\r\n\x1f\x8b\x00",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n"+date+"Connection: close\r\n\r\n\x1f\x8b\x00")
	f("HEAD", "HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n"+date+"\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n"+date+"Connection: close\r\n\r\n")
	f("304", get,
		"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n"+date+"\r\n",
		"HTTP/1.1 304 Not Modified\r\n"+date+"Etag: \"x\"\r\nConnection: close\r\n\r\n")
	f("informational responses", get,
		"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 204 No Content\r\n"+date+"\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 204 No Content\r\n"+date+"Connection: close\r\n\r\n")
	f("until the end of the connection", get,
		"HTTP/1.1 200 OK\r\nContent-Type: x/y\r\n"+date+"\r\nabc",
		"HTTP/1.1 200 OK\r\nContent-Type: x/y\r\n"+date+"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	f("trailers", get,
		"HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n"+date+"\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: x/y\r\n"+date+"Trailer: X-Sum\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n")
	f("a client of HTTP/1.0", "GET / HTTP/1.0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nTransfer-Encoding: chunked\r\n"+date+"\r\n3\r\nabc\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nContent-Type: x/y\r\n"+date+"\r\nabc")
}

func TestRequestTrailers(t *testing.T) {
	trailers := make(chan http.Header, 1)
	s := start(t, Config{Inspector: newWatcher(), Upstream: upstreamOf(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		trailers <- r.Trailer
	})})
	conn, r := dial(t, s)
	io.WriteString(conn, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n")
	readHead(r)
	if diff := cmp.Diff(http.Header{"X-Sum": {"9"}}, <-trailers); diff != "" {
		t.Errorf("trailers (-want +got):\n%s", diff)
	}
}
