package mintinfo

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"spinscope/backend/follow"
	"spinscope/backend/hub"
	"spinscope/backend/market"
	"spinscope/backend/polltest"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
	"spinscope/backend/telemetry"
)

// trade is a commit in which a mint trades whose creation is stored or not.
func trade(seq market.Seq, n int, created bool) *market.Commit {
	mint := mintOf(n)
	token := market.Token{Mint: mint, Trades: 1, LastEventTime: 1, LatestTradeTime: 1}
	event := market.Event{Position: market.Position{Slot: market.Slot(seq)}, BlockTime: 1, Body: &spinpet.BuySell{Mint: mint, TokenAmount: 1, SolAmount: 1}}
	if created {
		body := &spinpet.TokenCreated{Mint: mint, Name: "its own"}
		event.Body, token.Created = body, body
	}
	return &market.Commit{Seq: seq, Events: []market.Event{event}, Tokens: []market.Token{token}}
}

// TestNamelessMintsAreAskedAbout: those that are stored at the start, those that trade, and those whose commits nobody can give
// again; not those whose creation is stored.
func TestNamelessMintsAreAskedAbout(t *testing.T) {
	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // nothing more is written

	c, commits := newChain(), hub.New(hub.Options{})
	for n := range 6 {
		c.put(n, "told by the account")
	}

	for n := range 2 {
		if err := s.Commit(trade(market.Seq(n+1), n, n == 1)); err != nil { //nolint:gosec // small
			t.Fatal(err)
		}
	}

	f := NewFollower(Options{Path: filepath.Join(t.TempDir(), "mints"), Read: c.read, Derive: derive, Every: 1, Logger: slog.New(slog.DiscardHandler)},
		s, follow.New(follow.Options{Name: "mints", Log: s, Hub: commits}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	polltest.Until(t, "the stored one", func() bool { return f.Known(mintOf(0)) })

	for n := 2; n < 4; n++ {
		commit := trade(market.Seq(n+1), n, n == 3) //nolint:gosec // small
		if err := s.Commit(commit); err != nil {
			t.Fatal(err)
		}
		commits.Publish(commit)
	}

	polltest.Until(t, "the one that trades", func() bool { return f.Known(mintOf(2)) })
	if err := s.Commit(trade(5, 4, false)); err != nil {
		t.Fatal(err)
	}
	if err := f.Missed(ctx, 5, 5); err != nil {
		t.Fatal(err)
	}

	polltest.Until(t, "the one that was missed", func() bool { return f.Known(mintOf(4)) })

	if f.Known(mintOf(1)) || f.Known(mintOf(3)) {
		t.Error("a mint was asked about whose creation is stored")
	}
	m := telemetry.Gather([]telemetry.Collector{f.Collect})
	if m.Values[0].Labels[0].Value != "asked" || m.Values[0].Value != 3 || m.Values[1].Labels[0].Value != "named" || m.Values[1].Value != 3 {
		t.Errorf("%+v", m.Values)
	}

	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
