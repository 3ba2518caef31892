package embedded

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"

	"spinscope/backend/bus"
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
	TLSCert     string   // file with the certificate of this server and those up to its authority's; empty: nothing is encrypted
	TLSKey      string   // file with the key of it
	TLSCA       string   // file with the authorities that the other servers' certificates are checked against; empty: the system's
	Logger      *slog.Logger
}

// encryption is how this server speaks to clients, and how servers do to each other, which both show certificates; nil where there
// is none.
func (o *Options) encryption() (clients, servers *tls.Config, err error) {
	if o.TLSCert == "" && o.TLSKey == "" {
		return nil, nil, nil
	}
	own, err := tls.LoadX509KeyPair(o.TLSCert, o.TLSKey)
	if err != nil {
		return nil, nil, fmt.Errorf("bus: tls_cert and tls_key: %w", err)
	}
	clients = &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}

	servers = clients.Clone()
	servers.ClientAuth = tls.RequireAndVerifyClientCert
	if o.TLSCA != "" {
		if servers.RootCAs, err = bus.Authorities(o.TLSCA); err != nil {
			return nil, nil, err
		}
		servers.ClientCAs = servers.RootCAs
	}
	return clients, servers, nil
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
