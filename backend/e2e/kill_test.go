package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spinscope/backend/porttest"
)

// TestKills kills the server at random moments, again and again on the same data directory, while a market with forks
// and lost notifications goes on. In the end the store must be sound and hold what the ledger gives, and no client may
// ever have seen seq go back.
func TestKills(t *testing.T) {
	t.Parallel()
	kills, seed := 10, uint64(3)
	if soak {
		kills = 30
	}

	market := startCluster(t, "--rate", "40", "--slot", "100ms", "--mints", "4", "--history", "2m", "--seed", "5",
		"--fault-drop", "0.05", "--fault-duplicate", "0.05", "--fault-reorder", "0.05", "--fault-truncate", "0.02", "--fault-fork", "0.1",
		"--fault-disconnect", "0.01", "--fault-null", "0.02")
	dir := t.TempDir()
	port := porttest.Free(t)
	random := rand.New(rand.NewPCG(seed, 9))
	began := time.Now()
	var seq uint64
	var at []string
	counts := map[string]int{}
	for range kills {
		s := launchServer(t, dir, append(market.flags(), "--listen", port)...)
		var state string
		seq, state = s.watched(time.Duration(random.Int64N(int64(2500*time.Millisecond))), seq)
		if err := s.alive(); err != nil {
			t.Fatal(err)
		}
		s.kill()
		counts[state]++
		at = append(at, fmt.Sprint(seq))
	}

	s := startServer(t, dir, append(market.flags(), "--listen", port)...)
	if now := s.status().Seq; now < seq {
		t.Fatalf("seq went back from %d to %d", seq, now)
	}
	l := market.rested()
	l.compare(t, s)
	if now := s.status().Seq; now < seq {
		t.Fatalf("seq went back from %d to %d", seq, now)
	}

	s.end()
	audit(t, filepath.Join(dir, "custom"))
	t.Logf("%d kills, when the server was: %v; seq as seen before each: %s; %d transactions, %d events, %d open orders, %d cut logs; %v in all",
		kills, counts, strings.Join(at, " "), l.transactions, len(l.records), len(l.orders), len(l.cut), time.Since(began).Round(time.Millisecond))
}

// watched looks at a server, which may not serve yet, for so long. Its seq must not go back. It returns its newest seq and what it
// was doing last.
func (s *server) watched(length time.Duration, seq uint64) (newest uint64, state string) {
	s.t.Helper()
	state = "before it served"
	moment := time.NewTimer(length)
	for alive := true; alive; {
		if now, err := s.look(); err == nil {
			if now.Seq < seq {
				s.t.Fatalf("seq went back from %d to %d", seq, now.Seq)
			}
			seq, state = now.Seq, now.ConnectionStatus
		}
		select {
		case <-moment.C:
			alive = false
		case <-time.After(10 * time.Millisecond): // between looks
		}
	}
	return seq, state
}

// launchServer starts serve and does not wait for it.
func launchServer(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	argv := append([]string{binary, "serve", "--data-dir", dir, "--log-format", "json"}, args...)
	s := &server{process: launch(t, "serve", environment(t), nil, argv...), dir: dir}
	if at := slices.Index(args, "--listen"); at >= 0 {
		s.addr = args[at+1]
	}
	return s
}

// look asks for the status of a server that may not be there yet.
func (s *server) look() (status feedStatus, err error) {
	if _, err := os.Stat(filepath.Join(s.dir, "server.addr")); err != nil {
		return status, err
	}
	code, body, err := try("GET", s.url("/api/events/status"), nil, nil)
	if err != nil {
		return status, err
	}
	return status, envelope(code, body, &status)
}
