package cluster

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"spinscope/backend/config"
	"spinscope/backend/datadir"
	"spinscope/backend/market"
	"spinscope/backend/polltest"
	"spinscope/backend/program/registry"
	"spinscope/backend/simnet"
	"spinscope/backend/solana"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// TestAProgramThatAnEndpointRefuses: of two programs whose coins are all to be kept an endpoint grants one more subscription. The
// status says so of the other, in the endpoint's words; everything else goes on.
func TestAProgramThatAnEndpointRefuses(t *testing.T) {
	cfg := simnet.Default()
	cfg.History, cfg.Coins, cfg.Derive, cfg.SlotTime, cfg.MaxSubscriptions = time.Minute, 2, solana.ProgramAddress, 20*time.Millisecond, 3
	net := simnet.New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- net.Run(ctx) }()
	<-net.Ready()

	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's
	of := config.Default().Solana
	of.Cluster, of.RPCURL, of.WSURL = "custom", net.RPCURL(), net.WSURL()
	var whole []market.Program
	for _, name := range []string{"pump", "pumpswap"} {
		id, _ := market.ParseProgram(name)
		whole = append(whole, id)
	}
	source := NewSource(Options{
		Config: &of, Dir: &datadir.Dir{Path: t.TempDir(), Cluster: "custom", Program: of.ProgramID}, Store: s, Whole: whole,
		Logger: slog.New(slog.DiscardHandler),
	})
	heard := make(chan struct{})
	go func() {
		seen := false
		ended <- source.Run(ctx, 0, func(_ context.Context, b market.Batch) error {
			for _, address := range b.Addresses {
				if !seen && b.ChainTime > 0 && (address == registry.Address(whole[0]) || address == registry.Address(whole[1])) {
					seen = true
					close(heard)
				}
			}
			return nil
		})
	}()
	defer func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}()

	var status []wire.FollowedProgram
	polltest.Until(t, "one to be live and one refused", func() bool {
		status = source.Status().Programs
		states := map[string]int{}
		for _, one := range status {
			states[one.State]++
		}
		return states["live"] == 1 && states["refused"] == 1
	})
	for _, one := range status {
		if refused := one.State == "refused"; refused != strings.Contains(one.Message, "subscription refused") {
			t.Errorf("%+v", one)
		}
	}
	select {
	case <-heard:
	case <-time.After(30 * time.Second):
		t.Error("nothing is told of the other program")
	}
	if !source.Status().Running {
		t.Errorf("%+v", source.Status())
	}
}
