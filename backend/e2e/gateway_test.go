package e2e

import (
	"net"
	"sync"
	"testing"
)

// gateway passes connections on to an address, until it is told to hold what it carries or to break off.
type gateway struct {
	t       *testing.T
	address string // where it listens
	to      string

	mu       sync.Mutex
	changed  *sync.Cond
	held     bool
	shut     bool
	listener net.Listener
	open     map[net.Conn]struct{}
}

func startGateway(t *testing.T, to string) *gateway {
	t.Helper()
	l := listen(t)
	g := &gateway{t: t, address: l.Addr().String(), to: to, listener: l, open: map[net.Conn]struct{}{}}
	g.changed = sync.NewCond(&g.mu)
	go g.accept(l)
	t.Cleanup(func() {
		g.breakOff()
		g.hold(false)
	})
	return g
}

func (g *gateway) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := new(net.Dialer).DialContext(g.t.Context(), "tcp", g.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		if g.note(client, server) {
			go g.carry(server, client)
			go g.carry(client, server)
		}
	}
}

func (g *gateway) note(conns ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, conn := range conns {
		if g.shut {
			_ = conn.Close()
			continue
		}
		g.open[conn] = struct{}{}
	}
	return !g.shut
}

// carry copies from one side to the other until either ends.
func (g *gateway) carry(to, from net.Conn) {
	defer to.Close()
	defer from.Close()

	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		g.mu.Lock()
		for g.held {
			g.changed.Wait()
		}

		g.mu.Unlock()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}

		if err != nil {
			return
		}
	}
}

// hold stops or goes on carrying; connections stay open.
func (g *gateway) hold(held bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = held
	g.changed.Broadcast()
}

// breakOff closes every connection and takes no new one until restore.
func (g *gateway) breakOff() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	_ = g.listener.Close()
	for conn := range g.open {
		_ = conn.Close()
	}
	clear(g.open)
}

// restore listens at the same address again.
func (g *gateway) restore() {
	g.t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(g.t.Context(), "tcp", g.address)
	if err != nil {
		g.t.Fatal(err)
	}
	g.mu.Lock()
	g.shut, g.listener = false, l
	g.mu.Unlock()
	go g.accept(l)
}
