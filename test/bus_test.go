package test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// askNode asks the node of a data folder for its status, as the hub does: over
// the bus, in the text protocol of NATS. Nobody else can be asked while the hub
// stands still.
func askNode(data string) (n node, err error) {
	text, err := os.ReadFile(filepath.Join(data, "bus.json"))
	if err != nil {
		return n, err
	}
	var at struct{ URL, Token string }
	if err := json.Unmarshal(text, &at); err != nil {
		return n, err
	}
	address, err := url.Parse(at.URL)
	if err != nil {
		return n, err
	}
	conn, err := net.Dial("tcp", address.Host)
	if err != nil {
		return n, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return n, err
	}
	const inbox = "_INBOX.test"
	_, err = fmt.Fprintf(conn, "CONNECT {\"verbose\":false,\"auth_token\":%q}\r\nSUB %s 1\r\nPUB sojourn.ask.status %s 0\r\n\r\n", at.Token, inbox, inbox)
	if err != nil {
		return n, err
	}
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return n, err
		}
		switch op, rest, _ := strings.Cut(strings.TrimSpace(line), " "); op {
		case "-ERR":
			return n, fmt.Errorf("the bus refuses: %s", rest)
		case "PING":
			if _, err := io.WriteString(conn, "PONG\r\n"); err != nil {
				return n, err
			}
		case "MSG":
			return n, json.NewDecoder(r).Decode(&n)
		}
	}
}
