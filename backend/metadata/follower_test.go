package metadata

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spinscope/backend/follow"
	"spinscope/backend/hub"
	"spinscope/backend/market"
	"spinscope/backend/polltest"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
	"spinscope/backend/telemetry"
)

// creation is a commit in which a token is created whose uri names it on IPFS.
func creation(seq market.Seq, n int) *market.Commit {
	created := &spinpet.TokenCreated{Mint: mint(n), URI: "ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG/" + string(rune('a'+n))}
	return &market.Commit{
		Seq: seq, Events: []market.Event{{Position: market.Position{Slot: market.Slot(seq)}, BlockTime: 1, Body: created}}, //nolint:gosec // small
		Tokens: []market.Token{{Mint: mint(n), Created: created}},
	}
}

// TestFollower announces the tokens that are stored and those that come, once the gateway is known, and clears what an
// earlier run of a market that is made anew left behind.
func TestFollower(t *testing.T) {
	asked := make(chan string, 10)
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		_, _ = w.Write([]byte(`{"name":"x"}`))
	}))
	defer gateway.Close()

	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // nothing more is written

	if err := s.Commit(creation(1, 0)); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	left := filepath.Join(dir, "left")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	known := make(chan struct{})
	commits := hub.New(hub.Options{})
	f := NewFollower(FollowOptions{
		Catalog: Options{Dir: dir, Timeout: 10 * time.Second, Logger: slog.New(slog.DiscardHandler)},
		Store:   s, Commits: follow.New(follow.Options{Name: "metadata", Log: s, Hub: commits}), Transient: true,
		Gateway: func(ctx context.Context) (string, error) {
			select {
			case <-known:
				return gateway.URL, nil
			case <-ctx.Done():
				return "", context.Cause(ctx)
			}
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()

	second := creation(2, 1)
	if err := s.Commit(second); err != nil {
		t.Fatal(err)
	}
	commits.Publish(second)
	close(known)

	got := map[string]bool{<-asked: true, <-asked: true}
	if !got["a"] || !got["b"] {
		t.Errorf("asked for %v", got)
	}
	polltest.Until(t, "both documents are known", func() bool { return f.URIData(mint(0)) != nil && f.URIData(mint(1)) != nil })
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Error("what the last market left is still there:", err)
	}

	if m := telemetry.Gather([]telemetry.Collector{f.Collect}); m.Values[0].Labels[0].Value != "document" || m.Values[0].Value != 2 {
		t.Errorf("metrics: %+v", m.Values)
	}

	if err := s.Commit(creation(3, 2)); err != nil { // it does not hear of it, but finds it missing at the next
		t.Fatal(err)
	}
	fourth := creation(4, 3)
	if err := s.Commit(fourth); err != nil {
		t.Fatal(err)
	}

	commits.Publish(fourth)
	polltest.Until(t, "the documents of both", func() bool { return f.URIData(mint(2)) != nil && f.URIData(mint(3)) != nil })

	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What the commit log has lost is among the newest tokens of the store.
func TestMissedTokensAreAnnounced(t *testing.T) {
	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // nothing more is written
	for n := range 3 {
		if err := s.Commit(creation(market.Seq(n+1), n)); err != nil { //nolint:gosec // small
			t.Fatal(err)
		}
	}
	f := NewFollower(FollowOptions{
		Catalog: Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}, Store: s,
		Commits: follow.New(follow.Options{Log: s, Hub: hub.New(hub.Options{})}),
	})
	if err := f.Missed(t.Context(), 1, 3); err != nil || f.Stats().Waiting != 3 {
		t.Errorf("%+v, %v", f.Stats(), err)
	}
}

// A follower that is told to stop before the gateway is known stops.
func TestFollowerStopsEarly(t *testing.T) {
	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // nothing was written
	f := NewFollower(FollowOptions{
		Catalog: Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}, Store: s,
		Commits: follow.New(follow.Options{Log: s, Hub: hub.New(hub.Options{})}),
		Gateway: func(ctx context.Context) (string, error) { <-ctx.Done(); return "", context.Cause(ctx) },
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Run(ctx); err != nil {
		t.Error(err)
	}
}

// TestTheURIOfAnAccount: a mint whose creation is not stored has the document that its account leads to, and no account
// changes that of one whose creation is stored.
func TestTheURIOfAnAccount(t *testing.T) {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"name":"` + r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:] + `"}`))
	}))
	defer gateway.Close()

	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // nothing more is written

	if err := s.Commit(creation(1, 0)); err != nil {
		t.Fatal(err)
	}

	const kept = "ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG/kept"
	f := NewFollower(FollowOptions{
		Catalog: Options{Dir: t.TempDir(), Timeout: 10 * time.Second, Logger: slog.New(slog.DiscardHandler)},
		Store:   s, Commits: follow.New(follow.Options{Name: "metadata", Log: s, Hub: hub.New(hub.Options{})}),
		Kept:    func(market.Pubkey) (string, bool) { return kept, true },
		Gateway: func(context.Context) (string, error) { return gateway.URL, nil },
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()

	polltest.Until(t, "the document of the creation", func() bool { return f.URIData(mint(0)) != nil })
	f.Learned(mint(0), kept)
	f.Learned(mint(1), kept)
	polltest.Until(t, "the document of the account", func() bool { return f.URIData(mint(1)) != nil })
	created, older := f.URIData(mint(0)), f.URIData(mint(1))
	if created == nil || *created.Name != "a" || *older.Name != "kept" {
		t.Errorf("%+v and %+v", created, older)
	}

	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
