package node

import (
	"context"
	"strings"
	"testing"
	"time"

	"spinscope/backend/bus"
	"spinscope/backend/bus/embedded"
	"spinscope/backend/polltest"
)

// connected is a bus with one server, which node a is connected to until the test ends.
func connected(t *testing.T) (*bus.Bus, *embedded.Server) {
	t.Helper()
	server, err := embedded.Start(embedded.Options{Dir: t.TempDir(), Name: "server", Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)

	b, err := bus.Connect(t.Context(), bus.Options{URL: server.URL(), Name: "market", Node: "a", Replicas: 1, SyncChecked: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)

	return b, server
}

// A bus that goes is told of by whoever writes: it has no server, and no new client should come.
func TestABusThatGoesIsReported(t *testing.T) {
	b, server := connected(t)

	s := &State{name: "a", role: writes, look: &look{bus: b}}
	ctx, stop := context.WithCancel(t.Context())
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		s.look.run(ctx)
	}()
	defer func() {
		stop()
		<-looked
	}()

	if _, err := b.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	polltest.Until(t, "the lease to be seen", func() bool { return s.Status().Lease.Owner == "a" })
	if got := s.Status(); got.Trouble != "" || got.Bus.Server != "server" || !got.Bus.Connected || *got.Lease.AgeSeconds < 0 {
		t.Errorf("%+v", got)
	}

	s.waiting.Store(time.Now().Add(-time.Second).UnixNano())
	if got := s.Status(); got.Trouble != "" || got.Lag.Commits != 1 || got.Lag.Seconds < 1 {
		t.Errorf("a commit waits for a second: %+v", got)
	}
	s.waiting.Store(time.Now().Add(-time.Minute).UnixNano())
	if got := s.Trouble(); !strings.HasPrefix(got, "nothing is stored: a commit waits for the bus for 6") {
		t.Errorf("a commit waits for a minute: %q", got)
	}

	s.waiting.Store(0)

	server.Stop()
	polltest.Until(t, "the loss to be told", func() bool { return s.Trouble() == "nothing is stored: the bus is not reached" })
	if got := s.Status(); got.Bus.Connected || got.Bus.Server != "" {
		t.Errorf("%+v", got.Bus)
	}
}
