package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// ordeal is a way of the cluster to fail, and what a user sees of it.
type ordeal struct {
	name    string
	prepare func() // may be nil
	begin   func()
	lasts   time.Duration // 0: until finish
	finish  func()
	shown   func() error // nil while the interface tells of it
	logged  string       // what the log says of it
	gone    func() error // nil when the interface tells of nothing any more
	ongoing bool         // the connection holds, so that the log tells of no end
}

// TestTroubleShowsAndGoes measures how soon an outage of the cluster, a change to another endpoint, a lag and a gap are
// visible, in the status and in the log, and how soon after their end nothing is left of them. The times are those of a
// machine that may be busy; only make soak judges them.
func TestTroubleShowsAndGoes(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "10", "--slot", "200ms", "--mints", "2", "--history", "1m", "--seed", "2")
	rpc, ws := startGateway(t, hostOf(market.rpc)), startGateway(t, hostOf(market.ws))
	file := configured(t, fmt.Sprintf("[solana]\ncluster = \"custom\"\nrpc_url = \"http://%s\"\nws_url = \"ws://%s\"\nfallback = [{rpc_url = %q, ws_url = %q}]\n",
		rpc.address, ws.address, market.rpc, market.ws))
	s := startServer(t, t.TempDir(), "--config", file)
	caughtUp(t, s)

	type detail struct {
		feedStatus
		Lag uint64 `json:"lag_slots"`
	}
	status := func() (d detail) {
		s.get("/api/events/status", &d)
		return d
	}
	gaps := func() int {
		var answer struct{ Gaps []any }
		s.get("/api/gaps?state=open", &answer)
		return len(answer.Gaps)
	}
	first := rpc.address
	clean := func() error {
		if now := status(); now.ConnectionStatus != "connected" || now.LastError != "" || now.Lag > 0 || !strings.Contains(now.Endpoint, first) {
			return fmt.Errorf("%+v", now)
		}
		return nil
	}
	control := func(order map[string]any) func() {
		return func() {
			if err := market.ask("simnet_control", order, new(any)); err != nil {
				t.Logf("%v: %v", order, err) // the answer may fall to the outage
			}
		}
	}
	lasting := func(field string, length time.Duration) ordeal {
		return ordeal{
			name: fmt.Sprintf("%s of %v", field, length), logged: "cluster unreachable", gone: clean,
			begin: control(map[string]any{field: length.Milliseconds()}), lasts: length,
			shown: func() error {
				if now := status(); now.ConnectionStatus == "connected" && now.LastError == "" {
					return fmt.Errorf("%+v", now)
				}
				return nil
			},
		}
	}
	troubles := []ordeal{
		{
			name: "a socket that falls behind", logged: "behind the cluster", gone: clean,
			begin:  func() { ws.hold(true) },
			finish: func() { ws.hold(false) },
			shown: func() error {
				if now := status(); now.Lag == 0 && strings.Contains(now.Endpoint, first) {
					return fmt.Errorf("%+v", now)
				}
				return nil
			},
		},
		{
			name: "an endpoint that is gone", logged: "cluster unreachable", gone: clean,
			begin:  func() { rpc.breakOff(); ws.breakOff() },
			finish: func() { rpc.restore(); ws.restore() },
			shown: func() error {
				if now := status(); strings.Contains(now.Endpoint, first) || now.ConnectionStatus != "connected" {
					return fmt.Errorf("%+v", now)
				}
				return nil
			},
		},
		lasting("outage_ms", 4*time.Second), lasting("refuse_rpc_ms", 20*time.Second), // RPC that fails is given up after 4 s
	}
	if soak {
		troubles = append(troubles, lasting("outage_ms", 20*time.Second), lasting("refuse_rpc_ms", 20*time.Second),
			lasting("outage_ms", 50*time.Second), lasting("refuse_rpc_ms", 50*time.Second))
	}

	var hidden time.Time
	hide := func() { // what the outage keeps from us is final, and not shown, when it is asked for
		control(map[string]any{"faults": map[string]any{"null": 1}, "outage_ms": 11_000})()
		for _, over := range []string{"connected", "reconnecting"} {
			await(t, "the state to be another than "+over, func() error {
				if now := status(); now.ConnectionStatus == over {
					return errNotYet
				}
				return nil
			})
		}
		hidden = time.Now()
	}
	troubles = append(troubles, ordeal{
		name: "transactions that nodes do not show", prepare: hide, begin: func() {}, logged: "transaction not available", ongoing: true,
		finish: control(map[string]any{"faults": map[string]any{}}),
		shown: func() error {
			if gaps() > 0 {
				return nil
			}
			if time.Since(hidden) > 20*time.Second { // on a busy machine all was old, and so shown, before it was asked for
				hide()
			}
			return errNotYet
		},
		gone: func() error {
			if n := gaps(); n > 0 {
				return fmt.Errorf("%d gaps", n)
			}
			return clean()
		},
	})

	judge := func(what string, took time.Duration) {
		t.Helper()
		t.Logf("%s after %v", what, took.Round(10*time.Millisecond))
		if soak && took > 5*time.Second {
			t.Errorf("%s only after %v", what, took)
		}
	}
	await(t, "a quiet beginning", clean) // a server that is still behind would not say so anew
	for i := range troubles {
		trouble := &troubles[i]
		before := len(s.logged(trouble.logged))
		if trouble.prepare != nil {
			trouble.prepare()
		}

		begin := time.Now()
		end := begin.Add(trouble.lasts)
		trouble.begin()
		await(t, "the status to show "+trouble.name, trouble.shown)
		judge(trouble.name+": in the status", time.Since(begin))
		s.awaitLogged(trouble.logged, before+1)
		judge(trouble.name+": in the log", time.Since(begin))
		if trouble.finish != nil {
			end = time.Now()
			trouble.finish()
		}

		time.Sleep(time.Until(end)) // the outage's own length
		await(t, "nothing left of "+trouble.name, trouble.gone)
		judge(trouble.name+": gone", time.Since(end))
		if !trouble.ongoing {
			await(t, "the log to tell of the end of "+trouble.name, func() error { return s.recovered(trouble.logged) })
		}
	}

	market.rested().compare(t, s)
}

// recovered returns nil when the log tells of a recovery after the last entry with the text: of a new connection, which a
// socket that falls behind on a busy machine ends in too, or of the same one that is level again.
func (s *server) recovered(trouble string) error {
	last := ""
	for _, line := range s.stderr.lines() {
		for _, text := range []string{trouble, "connected again", "level with the cluster again"} {
			if strings.Contains(line, text) {
				last = text
			}
		}
	}
	if last == trouble {
		return errNotYet
	}
	return nil
}

// hostOf is HOST:PORT of a URL without a path.
func hostOf(url string) string {
	_, host, _ := strings.Cut(url, "://")
	return strings.TrimSuffix(host, "/")
}
