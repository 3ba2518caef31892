//go:build !desktop

package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Server is a running server.
type Server struct {
	server       *server.Server
	user, secret string // of the market's account, and of the system's
}

const (
	readyTime  = 20 * time.Second
	maxPayload = 8 << 20 // of a commit
	system     = "SYS"

	// With the system's account alone beside the global one, the library would let in everybody who gives no name.
	account = "MARKET"

	tlsSeconds = 10 // for a handshake
)

// Start starts the server and returns when it takes connections.
func Start(o Options) (*Server, error) {
	user, password, err := o.login()
	if err != nil {
		return nil, err
	}
	options, secret, err := o.server(user, password)
	if err != nil {
		return nil, err
	}

	running, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("bus server: %w", err)
	}
	running.SetLoggerV2(bridge{o.Logger}, false, false, false)
	running.Start()
	if err := storing(running); err != nil {
		running.Shutdown()
		return nil, err
	}
	if !running.ReadyForConnections(readyTime) {
		running.Shutdown()
		return nil, errors.New("bus server: it takes no connections: is its port in use?")
	}
	return &Server{server: running, user: user, secret: secret}, nil
}

// storing gives the market's account JetStream.
func storing(running *server.Server) error {
	market, err := running.LookupAccount(account)
	if err == nil {
		err = market.EnableJetStream(nil, nil)
	}
	if err != nil {
		return fmt.Errorf("bus server: %w", err)
	}
	return nil
}

// server makes the library's options.
func (o *Options) server(user, password string) (options *server.Options, secret string, err error) {
	host, port, err := split(o.Listen)
	if err != nil {
		return nil, "", err
	}

	clients, servers, err := o.encryption()
	if err != nil {
		return nil, "", err
	}

	secret = rand.Text()
	market, sys := server.NewAccount(account), server.NewAccount(system)
	options = &server.Options{
		ServerName: o.Name, Host: host, Port: port, StoreDir: o.Dir, JetStream: true, SyncAlways: true,
		MaxPayload: maxPayload, NoSigs: true, Accounts: []*server.Account{market, sys}, SystemAccount: system,
		TLSConfig: clients, TLSTimeout: tlsSeconds,
		Users: []*server.User{{Username: system, Password: secret, Account: sys, AllowedConnectionTypes: map[string]struct{}{"IN_PROCESS": {}}}},
	}
	if user == "" {
		user, password = "local", rand.Text()
		options.NoAuthUser = user
	}
	options.Users = append(options.Users, &server.User{Username: user, Password: password, Account: market})

	if o.Cluster == "" {
		return options, secret, nil
	}
	options.Cluster.Name, options.Cluster.TLSConfig, options.Cluster.TLSTimeout = "spinscope", servers, tlsSeconds
	if options.Cluster.Host, options.Cluster.Port, err = split(o.Cluster); err != nil {
		return nil, "", err
	}
	if o.Credentials != "" {
		options.Cluster.Username, options.Cluster.Password = user, password
	}
	for _, peer := range o.Peers {
		route := &url.URL{Scheme: "nats", Host: peer}
		if o.Credentials != "" {
			route.User = url.UserPassword(user, password)
		}
		options.Routes = append(options.Routes, route)
	}
	return options, secret, nil
}

func split(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil {
		return "", 0, fmt.Errorf("bus server: address %s: %w", address, err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

// URL is where clients reach it.
func (s *Server) URL() string { return s.server.ClientURL() }

// InProcess connects without the network.
func (s *Server) InProcess() nats.InProcessConnProvider { return s.server }

// System is the login of the system account, for connections in this process only.
func (s *Server) System() (user, password string) { return system, s.secret }

// Stop ends it and returns when its files are closed.
func (s *Server) Stop() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
}

// bridge gives the server's log to slog.
type bridge struct{ log *slog.Logger }

func (b bridge) Noticef(format string, v ...any) { b.write(slog.LevelDebug, format, v) }
func (b bridge) Warnf(format string, v ...any)   { b.write(slog.LevelWarn, format, v) }
func (b bridge) Fatalf(format string, v ...any)  { b.write(slog.LevelError, format, v) }
func (b bridge) Errorf(format string, v ...any)  { b.write(slog.LevelError, format, v) }
func (b bridge) Debugf(format string, v ...any)  { b.write(slog.LevelDebug, format, v) }
func (b bridge) Tracef(string, ...any)           {}

func (b bridge) write(level slog.Level, format string, v []any) {
	if b.log != nil {
		b.log.Log(context.Background(), level, "bus server", "component", "bus", "text", fmt.Sprintf(format, v...))
	}
}
