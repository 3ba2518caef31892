package e2e

import (
	"fmt"
	"testing"
	"time"
)

// TestTroubleShowsAndGoes measures how soon an outage of the cluster is visible, in the status and in the log, and how
// soon after its end nothing is left of it. The times are those of a machine that may be busy; only make soak judges them.
func TestTroubleShowsAndGoes(t *testing.T) {
	if !soak {
		t.Skip("SKIPPED: not yet steady on a busy machine; make soak runs it")
	}
	t.Parallel()
	outages := []time.Duration{4 * time.Second}
	if soak {
		outages = []time.Duration{4 * time.Second, 20 * time.Second, 50 * time.Second}
	}
	market := startCluster(t, "--rate", "10", "--slot", "400ms", "--mints", "2", "--history", "1m", "--seed", "2")
	s := startServer(t, t.TempDir(), market.flags()...)
	caughtUp(t, s)
	type detail struct {
		feedStatus
		Lag uint64 `json:"lag_slots"`
	}
	status := func() (d detail) {
		s.get("/api/events/status", &d)
		return d
	}
	judge := func(what string, took time.Duration) {
		t.Helper()
		t.Logf("%s after %v", what, took.Round(10*time.Millisecond))
		if soak && took > 5*time.Second {
			t.Errorf("%s only after %v", what, took)
		}
	}
	for _, trouble := range []string{"outage_ms", "refuse_rpc_ms"} {
		for _, length := range outages {
			if trouble == "refuse_rpc_ms" && length < 8*time.Second {
				length = 8 * time.Second // RPC that fails is given up after 4.5 s
			}
			warned := len(s.logged("cluster unreachable"))
			begin := time.Now()
			if err := market.ask("simnet_control", map[string]any{trouble: length.Milliseconds()}, new(any)); err != nil {
				t.Logf("%s: %v", trouble, err) // the answer may fall to the outage
			}
			end := time.Now().Add(length)
			await(t, "the status to show "+trouble, func() error {
				if now := status(); now.ConnectionStatus == "connected" && now.LastError == "" {
					return fmt.Errorf("%+v", now)
				}
				return nil
			})
			judge(fmt.Sprintf("%s of %v: in the status", trouble, length), time.Since(begin))
			await(t, "the log to tell", func() error {
				if len(s.logged("cluster unreachable")) == warned {
					return errNotYet
				}
				return nil
			})
			judge(fmt.Sprintf("%s of %v: in the log", trouble, length), time.Since(begin))
			time.Sleep(time.Until(end)) // the outage's own length
			await(t, "the status to be clean", func() error {
				if now := status(); now.ConnectionStatus != "connected" || now.LastError != "" || now.Lag > 0 {
					return fmt.Errorf("%+v", now)
				}
				return nil
			})
			judge(fmt.Sprintf("%s of %v: gone", trouble, length), time.Since(end))
		}
	}
	if again := s.logged("connected again"); len(again) == 0 {
		t.Error("the log does not tell of the recovery")
	}
	market.rested().compare(t, s)
}
