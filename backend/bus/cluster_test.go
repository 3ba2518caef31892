package bus_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"spinscope/backend/bus"
	"spinscope/backend/bus/embedded"
	"spinscope/backend/market"
	"spinscope/backend/porttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is three servers that know each other.
type site struct {
	t       testing.TB
	options []embedded.Options
	servers []*embedded.Server
}

// newSite starts the servers, with options that are changed before.
func newSite(t testing.TB, change ...func(*embedded.Options)) *site {
	t.Helper()
	s := &site{t: t, servers: make([]*embedded.Server, 3)}
	var peers []string
	for range s.servers {
		peers = append(peers, porttest.Free(t))
	}

	dir := t.TempDir()
	for i := range s.servers {
		s.options = append(s.options, embedded.Options{
			Dir: filepath.Join(dir, fmt.Sprint(i)), Name: fmt.Sprint("server-", i), Listen: "127.0.0.1:0", Cluster: peers[i], Peers: peers,
		})
	}

	for i := range s.servers {
		for _, one := range change {
			one(&s.options[i])
		}
		s.start(i)
	}
	t.Cleanup(func() {
		for i := range s.servers {
			s.stop(i)
		}
	})

	return s
}

func (s *site) start(i int) {
	s.t.Helper()
	var err error
	if s.servers[i], err = embedded.Start(s.options[i]); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) stop(i int) {
	if s.servers[i] != nil {
		s.servers[i].Stop()
		s.servers[i] = nil
	}
}

// connect connects a node to all servers, through the network.
func (s *site) connect(node string) *bus.Bus {
	s.t.Helper()
	var urls []string
	for _, one := range s.servers {
		if one != nil {
			urls = append(urls, one.URL())
		}
	}
	return s.join(bus.Options{URL: strings.Join(urls, ","), SyncChecked: true, Node: node})
}

func (s *site) join(o bus.Options) *bus.Bus {
	s.t.Helper()
	o.Name = "market"
	b, err := bus.Connect(s.t.Context(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(b.Close)
	return b
}

// open opens the log, which begins with a seq.
func (s *site) open(b *bus.Bus, first uint64) *bus.Log {
	s.t.Helper()
	log, err := b.Log(s.t.Context(), "0f0f", market.Seq(first), true)
	if err != nil {
		s.t.Fatal(err)
	}
	return log
}
