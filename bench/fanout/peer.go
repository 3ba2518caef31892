package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/bench/fanout/serve"
)

// kinds are the servers, in the order they run and are printed.
var kinds = []struct{ name, dialect, what string }{
	{"floor", "plain", "gorilla/websocket, prepared message"},
	{"spinscope", "socketio", "spinscope"},
	{"centrifuge", "centrifuge", "centrifuge 0.40.1"},
	{"node", "socketio", "npm socket.io 4.8.4, ws"},
	{"stock", "socketio", "zishang520/socket.io 2.5.0, stock"},
}

// peer is one running server process.
type peer struct {
	name    string
	dialect dialect
	address string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
	pushed  uint64
}

// start runs a server of the kind from the folder of binaries, with more variables in its environment.
func start(ctx context.Context, kind, binaries string, environment ...string) (*peer, error) {
	p := &peer{name: kind}
	for _, k := range kinds {
		if k.name == kind {
			p.dialect = dialects[k.dialect]
		}
	}

	if kind == "node" {
		p.cmd = exec.CommandContext(ctx, "node", "--expose-gc", "server.mjs", serve.Symbol, serve.Room)
		p.cmd.Dir = filepath.Join("fanout", "node")
	} else {
		p.cmd = exec.CommandContext(ctx, filepath.Join(binaries, kind))
	}

	p.cmd.Stderr = os.Stderr
	p.cmd.Env = append(os.Environ(), environment...)
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}

	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}

	p.out = bufio.NewScanner(out)
	if !p.out.Scan() {
		return nil, fmt.Errorf("%s did not start: %w", kind, p.cmd.Wait())
	}
	p.address = p.out.Text()
	return p, nil
}

func (p *peer) stop() {
	_ = p.in.Close()
	for p.out.Scan() {
	}
	_ = p.cmd.Wait()
}

// ask sends a command and returns the answer.
func (p *peer) ask(format string, args ...any) (string, error) {
	if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
		return "", fmt.Errorf("%s: %w", p.name, err)
	}
	if !p.out.Scan() {
		return "", fmt.Errorf("%s died: %w", p.name, io.ErrUnexpectedEOF)
	}
	return p.out.Text(), nil
}

func (p *peer) stats() (st serve.Stats, err error) {
	text, err := p.ask("stats")
	if err == nil {
		err = json.Unmarshal([]byte(text), &st)
	}
	return st, err
}

// swarm is many subscribers of one server.
type swarm struct {
	peer    *peer
	clients []*client
	round   atomic.Pointer[round]
	readers sync.WaitGroup
	lost    atomic.Int64 // connections that ended by themselves
	closing atomic.Bool
}

// connect subscribes n clients, at most atOnce at a time.
func connect(ctx context.Context, p *peer, n, atOnce, buffer int) (*swarm, error) {
	s := &swarm{peer: p, clients: make([]*client, n)}
	turns := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	var failed atomic.Pointer[error]
	for i := range n {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			c, err := dial(ctx, p.address, p.dialect.path, buffer, 0)
			if err == nil {
				err = p.dialect.join(c)
			}
			if err != nil {
				failed.CompareAndSwap(nil, &err)
				return
			}
			s.clients[i] = c
		})
	}

	group.Wait()
	if err := failed.Load(); err != nil {
		return nil, fmt.Errorf("connect to %s: %w", p.name, *err)
	}

	for _, c := range s.clients {
		s.readers.Go(func() {
			if err := c.read(&s.round); err != nil && !s.closing.Load() {
				s.lost.Add(1)
			}
		})
	}

	return s, s.counted(n)
}

// counted waits until the server counts n connections, where it can tell.
func (s *swarm) counted(n int) error {
	for deadline := time.Now().Add(40 * time.Second); ; {
		st, err := s.peer.stats()
		if err != nil || st.Connections < 0 || st.Connections == n {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s counts %d connections, there are %d", s.peer.name, st.Connections, n)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *swarm) close() {
	s.closing.Store(true)
	for _, c := range s.clients {
		_ = c.nc.Close()
	}
	s.readers.Wait()
}

// result is how one round went.
type result struct {
	took       time.Duration
	delivered  int64
	wanted     int64
	disordered int64
	late       []time.Duration
}

func (r result) perSecond() float64 { return float64(r.delivered) / r.took.Seconds() }

const quiet = 3 * time.Second // without a delivery: the rest is lost

// run has the server push count times, by the command, and waits until all arrived or nothing comes any more.
func (s *swarm) run(ctx context.Context, count int, timed bool, format string, args ...any) (result, error) {
	r := newRound(s.peer.pushed+1, count, len(s.clients), timed)
	s.peer.pushed += uint64(count)
	s.round.Store(r)
	begun := time.Now()
	if answer, err := s.peer.ask(format, args...); err != nil || strings.TrimSpace(answer) != "ok" {
		return result{}, fmt.Errorf("%s answered %q: %w", s.peer.name, answer, err)
	}

	res := result{wanted: int64(count) * int64(len(s.clients))}
	tick := time.NewTicker(quiet / 10)
	defer tick.Stop()

	seen, since := int64(-1), time.Now()
wait:
	for {
		select {
		case <-r.finished:
			break wait
		case <-ctx.Done():
			return res, ctx.Err()
		case now := <-tick.C:
			if n := r.delivered.Load(); n != seen {
				seen, since = n, now
			} else if now.Sub(since) > quiet {
				break wait
			}
		}
	}
	res.took = time.Unix(0, r.lastAt.Load()).Sub(begun)
	res.delivered, res.disordered = r.delivered.Load(), r.disordered.Load()
	if timed && r.remaining.Load() == 0 {
		for _, c := range s.clients {
			res.late = append(res.late, c.late...)
		}
	}

	return res, nil
}
