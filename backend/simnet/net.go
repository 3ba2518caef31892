package simnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Net is a simulated cluster. Its methods are safe for concurrent use.
type Net struct {
	cfg   Config
	ready chan struct{}
	addr  string // set before ready is closed
}

// New makes a cluster; Run starts it.
func New(cfg Config) *Net {
	return &Net{cfg: cfg.withDefaults(), ready: make(chan struct{})}
}

// Ready is closed when the history exists and the port answers; never if Run fails before that.
func (n *Net) Ready() <-chan struct{} { return n.ready }

// Addr is the host:port that is listened on. It blocks until Ready.
func (n *Net) Addr() string {
	<-n.ready
	return n.addr
}

// RPCURL is the address of the JSON-RPC service. It blocks until Ready.
func (n *Net) RPCURL() string { return "http://" + n.Addr() + "/" }

// WSURL is the address of the PubSub service. It blocks until Ready.
func (n *Net) WSURL() string { return "ws://" + n.Addr() + "/" }

// GatewayURL is an IPFS gateway that serves the tokens' metadata and pictures. It blocks until Ready.
func (n *Net) GatewayURL() string { return "http://" + n.Addr() + "/ipfs/" }

// Run opens the port, writes the history and produces slots until ctx ends; then it returns nil. It may be called once.
func (n *Net) Run(ctx context.Context) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", n.cfg.Listen)
	if err != nil {
		return fmt.Errorf("open the cluster's port: %w", err)
	}
	n.addr = listener.Addr().String()
	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { <-ctx.Done(); _ = server.Close() }()
	close(n.ready)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the cluster: %w", err)
	}
	return nil
}
