package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
)

// ErrNotBuilt is returned by Start in a program that was built without the server.
var ErrNotBuilt = errors.New("this program has no bus server in it: run spinscope serve as it is built without a window, or a nats-server beside it")

// Options say how the server is run.
type Options struct {
	Dir         string   // of its files
	Name        string   // of this server, another one for each of a cluster
	Listen      string   // HOST:PORT for clients; port 0 takes any
	Cluster     string   // HOST:PORT for the other servers; empty: there are none
	Peers       []string // the others' Cluster addresses; this server's own may be among them
	Credentials string   // file with one line USER:PASSWORD, the same on all; needed when it listens beyond loopback
	Logger      *slog.Logger
}

// login reads the credentials; empty ones where there are none.
func (o *Options) login() (user, password string, err error) {
	if o.Credentials == "" {
		for _, address := range []string{o.Listen, o.Cluster} {
			if address != "" && !loopback(address) {
				return "", "", fmt.Errorf("bus: %s is reached from other machines: give bus.credentials a file with one line USER:PASSWORD", address)
			}
		}
		return "", "", nil
	}

	text, err := os.ReadFile(o.Credentials)
	if err != nil {
		return "", "", fmt.Errorf("bus: credentials: %w", err)
	}
	user, password, ok := strings.Cut(strings.TrimSpace(string(text)), ":")
	if !ok || user == "" || password == "" || strings.ContainsAny(password, "\r\n") {
		return "", "", fmt.Errorf("bus: credentials: %s must hold one line USER:PASSWORD for an embedded server", o.Credentials)
	}
	return user, password, nil
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
