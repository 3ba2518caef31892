package bus_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"spinscope/backend/bus"
	"spinscope/backend/bus/embedded"
	"spinscope/backend/market"
	"spinscope/backend/polltest"
)

// collect follows a log from a seq until it has one, and gives the payloads by seq.
func collect(t *testing.T, log *bus.Log, from, to market.Seq) map[market.Seq]string {
	t.Helper()
	got := map[market.Seq]string{}
	done := errors.New("done")
	next := from
	err := log.Follow(t.Context(), from, func(seq market.Seq, payload []byte) error {
		if seq != next {
			t.Errorf("commit %d where %d is due", seq, next)
		}
		next++
		got[seq] = string(payload)
		if seq == to {
			return done
		}
		return nil
	})
	if !errors.Is(err, done) {
		t.Fatal(err)
	}

	return got
}

// Two writers append each commit at once, and one of the servers goes away meanwhile. Of each seq one writer is told that it
// is stored, the other that the log is another's, and what a reader finds is what the first one wrote.
func TestOneHistoryOfTwoWriters(t *testing.T) {
	const first, commits = 41, 40
	s := newSite(t)
	logs := []*bus.Log{s.open(s.connect("one"), first), s.open(s.connect("two"), first)}
	acknowledged := map[market.Seq]string{}
	wins := map[int]int{}
	var stopping sync.WaitGroup
	defer stopping.Wait()

	for seq := market.Seq(first); seq < first+commits; seq++ {
		if seq == first+commits/2 {
			stopping.Go(func() { s.stop(2) })
		}
		var both sync.WaitGroup
		var outcomes [2]error
		for writer, log := range logs {
			both.Go(func() {
				outcomes[writer] = log.Append(t.Context(), seq, fmt.Appendf(nil, "commit %d of writer %d", seq, writer))
			})
		}

		both.Wait()
		for writer, err := range outcomes {
			switch {
			case err == nil && acknowledged[seq] == "":
				acknowledged[seq] = fmt.Sprintf("commit %d of writer %d", seq, writer)
				wins[writer]++
			case !errors.Is(err, bus.ErrOther):
				t.Fatalf("commit %d, writer %d: %v where %q is stored", seq, writer, err, acknowledged[seq])
			}
		}

		if acknowledged[seq] == "" {
			t.Fatalf("commit %d: neither is stored: %v", seq, outcomes)
		}
	}

	stopping.Wait() // it may take longer than the commits, and whoever connects looks at the servers
	got := collect(t, s.open(s.connect("reader"), first), first, first+commits-1)
	for seq, want := range acknowledged {
		if got[seq] != want {
			t.Errorf("commit %d is %q, told %q", seq, got[seq], want)
		}
	}

	t.Logf("%v", wins)
}

// A commit that is sent again is stored once; another in its place is refused, however it is called.
func TestSentAgain(t *testing.T) {
	s := newSite(t)
	log := s.open(s.connect("writer"), 1)
	for seq := range market.Seq(3) {
		for range 2 {
			if err := log.Append(t.Context(), seq+1, fmt.Append(nil, "commit ", seq+1)); err != nil {
				t.Fatal(err)
			}
		}
	}

	for seq := range market.Seq(3) {
		err := log.Append(t.Context(), seq+1, []byte("something else"))
		if !errors.Is(err, bus.ErrOther) {
			t.Errorf("commit %d: %v", seq+1, err)
		}
	}

	other, err := s.connect("other").Log(t.Context(), "another store", 1, false) // whose messages have other ids
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Append(t.Context(), 3, []byte("something else")); !errors.Is(err, bus.ErrOther) {
		t.Error(err)
	}

	if err := other.Append(t.Context(), 3, []byte("commit 3")); err != nil {
		t.Error(err)
	}
	if got := collect(t, log, 1, 3); got[1] != "commit 1" || got[3] != "commit 3" {
		t.Error(got)
	}

	soon, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()

	if err := log.Append(soon, 9, []byte("commit 9")); err == nil {
		t.Error("a commit was appended after one that is not there")
	}
	if last, err := log.Last(t.Context()); err != nil || last != 3 {
		t.Error(last, err)
	}
}

// A commit whose outcome was not known may come to its place while the servers are asked what is there. It is as stored as any
// other; and another one there is as refused.
func TestACommitThatIsShownLate(t *testing.T) {
	s := newSite(t)
	log := s.open(s.connect("writer"), 1)
	for seq := range market.Seq(2) {
		if err := log.Append(t.Context(), seq+1, fmt.Append(nil, "commit ", seq+1)); err != nil {
			t.Fatal(err)
		}
	}

	log.ShowLate(2)
	if err := log.Append(t.Context(), 2, []byte("commit 2")); err != nil {
		t.Error(err)
	}
	log.ShowLate(2)
	if err := log.Append(t.Context(), 1, []byte("something else")); !errors.Is(err, bus.ErrOther) {
		t.Error(err)
	}
}

// A writer that was stopped for longer than its lease is refused by the log, though it does not know that it lost the lease.
func TestPausedWriterIsRefused(t *testing.T) {
	s := newSite(t)
	paused, standby := s.connect("paused"), s.connect("standby")
	log := s.open(paused, 1)
	if lease, err := paused.Acquire(t.Context()); err != nil || lease == nil {
		t.Fatal(lease, err)
	}

	if err := log.Append(t.Context(), 1, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if lease, err := standby.Acquire(t.Context()); err != nil || lease != nil {
		t.Fatal("two have the lease", err)
	}

	var lease *bus.Lease // nobody renews the first one
	polltest.Until(t, "the lease to end", func() bool {
		var err error
		lease, err = standby.Acquire(t.Context())
		return err == nil && lease != nil
	})

	taken := s.open(standby, 1)
	if err := taken.Append(t.Context(), 2, []byte("two of the standby")); err != nil {
		t.Fatal(err)
	}
	if err := log.Append(t.Context(), 2, []byte("two of the paused one")); !errors.Is(err, bus.ErrOther) {
		t.Errorf("the paused writer: %v", err)
	}

	if got := collect(t, log, 1, 2); got[2] != "two of the standby" {
		t.Error(got)
	}
}

// The lease is kept for longer than it lasts, is given back at once, and whoever lost it learns so.
func TestLease(t *testing.T) {
	s := newSite(t)
	one, two := s.connect("one"), s.connect("two")
	lease, err := one.Acquire(t.Context())
	if err != nil || lease == nil {
		t.Fatal(lease, err)
	}

	ctx, release := context.WithCancel(t.Context())
	kept := make(chan error, 1)
	go func() { kept <- lease.Keep(ctx) }()
	for began := time.Now(); time.Since(began) < bus.LeaseTime*3/2; {
		if other, err := two.Acquire(t.Context()); err != nil || other != nil {
			t.Fatal("two have the lease", err)
		}
	}

	if held, err := two.Holder(t.Context()); err != nil || held.Node != "one" || held.Sign == 0 {
		t.Errorf("%+v, %v", held, err)
	}

	release()
	if err := <-kept; err != nil {
		t.Error(err)
	}
	polltest.Until(t, "the lease to be free", func() bool { // a server that is behind may still know of it
		lease, err = two.Acquire(t.Context())
		return err == nil && lease != nil
	})
	go func() { kept <- lease.Keep(t.Context()) }()
	for i := range s.servers { // nobody answers any more
		s.stop(i)
	}

	if err := <-kept; err == nil {
		t.Error("a lease was kept without a bus")
	}
}

// A follower begins where it is told, waits for what comes, and goes on when servers go and come back.
func TestFollow(t *testing.T) {
	s := newSite(t)
	log := s.open(s.connect("writer"), 100)
	append2 := func(from, to market.Seq) {
		for seq := from; seq <= to; seq++ {
			if err := log.Append(t.Context(), seq, fmt.Append(nil, seq)); err != nil {
				t.Error(err)
				return
			}
		}
	}
	append2(100, 109)

	reader := s.open(s.connect("reader"), 100)
	var older *bus.OlderError
	if err := reader.Follow(t.Context(), 99, nil); !errors.As(err, &older) || older.Oldest != 100 {
		t.Errorf("before the log: %v", err)
	}

	if err := reader.Follow(t.Context(), 111, nil); !errors.Is(err, bus.ErrAhead) {
		t.Errorf("after the log: %v", err)
	}

	var writer sync.WaitGroup
	writer.Go(func() {
		append2(110, 119)
		s.stop(0)
		append2(120, 129)
		s.start(0)
		s.stop(1)
		append2(130, 139)
	})

	got := collect(t, reader, 105, 139)
	writer.Wait()
	if len(got) != 35 || got[139] != "139" {
		t.Errorf("%d commits", len(got))
	}
}

func TestSnapshots(t *testing.T) {
	s := newSite(t)
	b := s.connect("writer")
	if _, err := b.GetSnapshot(t.Context(), io.Discard); !errors.Is(err, bus.ErrMissing) {
		t.Errorf("without any: %v", err)
	}

	large := bytes.Repeat([]byte("snapshot"), 200_000)
	for _, seq := range []market.Seq{9, 10, 11} {
		if err := b.PutSnapshot(t.Context(), seq, bytes.NewReader(append(large, byte(seq)))); err != nil {
			t.Fatal(err)
		}
	}

	var got bytes.Buffer
	newest, err := s.connect("edge").GetSnapshot(t.Context(), &got)
	if err != nil || newest.Seq != 11 || !bytes.Equal(got.Bytes(), append(large, 11)) {
		t.Errorf("%+v, %d bytes, %v", newest, got.Len(), err)
	}

	if all, err := b.Snapshots(t.Context()); err != nil || len(all) != 2 || all[1].Seq != 10 {
		t.Errorf("%+v, %v", all, err)
	}
}

// Of two nodes that claim the bus for their market, both learn the same one.
func TestClaim(t *testing.T) {
	s := newSite(t)
	one, two := s.connect("one"), s.connect("two")
	if _, err := one.Market(t.Context()); !errors.Is(err, bus.ErrMissing) {
		t.Errorf("before: %v", err)
	}

	first := bus.Market{Store: "0f0f", Cluster: "mainnet", Program: "p"}
	for _, b := range []*bus.Bus{one, two} {
		mine := first
		if b == two {
			mine.Store = "other"
		}
		if got, err := b.Claim(t.Context(), mine); err != nil || got != first {
			t.Errorf("%+v, %v", got, err)
		}
	}

	if _, err := two.Log(t.Context(), first.Store, 1, false); !errors.Is(err, bus.ErrMissing) {
		t.Errorf("a log that nobody made: %v", err)
	}
}

// An embedded server says that it writes through to the disk, and all of a cluster are asked.
func TestServersAreAsked(t *testing.T) {
	s := newSite(t)
	b := s.join(bus.Options{Embedded: s.servers[0], Node: "embedded"})
	polltest.Until(t, "the servers to know each other", func() bool {
		_, err := b.Log(t.Context(), "0f0f", 1, true)
		if err != nil && !errors.Is(err, bus.ErrSettings) {
			t.Fatal(err)
		}
		return err == nil
	})
	blind := s.join(bus.Options{URL: s.servers[0].URL(), Node: "blind"})
	if _, err := blind.Log(t.Context(), "0f0f", 1, true); !errors.Is(err, bus.ErrSettings) || !strings.Contains(err.Error(), "bus.system_credentials") {
		t.Error(err)
	}

	// One that is down is no reason to refuse a log that is there.
	s.stop(2)
	down, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := b.Log(down, "0f0f", 1, true); err != nil {
		t.Errorf("while a server is down: %v", err)
	}
}

// A server that says nothing, as one that is too busy, is asked again; one that refuses what it is asked is not.
func TestServersAreAskedAgain(t *testing.T) {
	market, sys := server.NewAccount("MARKET"), server.NewAccount("SYS")
	silent, err := server.NewServer(&server.Options{
		ServerName: "silent", Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, SyncAlways: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
		MaxPayload: 8 << 20, Accounts: []*server.Account{market, sys}, SystemAccount: "SYS",
		Users: []*server.User{
			{Username: "market", Password: "m", Account: market},
			{Username: "admin", Password: "a", Account: sys, Permissions: &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"$SYS.REQ.>"}}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	silent.Start()
	t.Cleanup(func() { silent.Shutdown(); silent.WaitForShutdown() })
	if !silent.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not start")
	}

	said := make(lines, 100)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	open := func(system string) error {
		b := (&site{t: t}).join(bus.Options{
			URL: silent.ClientURL(), Credentials: file(t, "market:m"), SystemCredentials: file(t, system), Replicas: 1,
			Logger: slog.New(slog.NewTextHandler(said, nil)),
		})
		_, err := b.Log(ctx, "0f0f", 1, true)
		return err
	}

	if err := open("market:m"); !errors.Is(err, bus.ErrSettings) || !strings.Contains(err.Error(), "must be of the system account") {
		t.Errorf("another account: %v", err)
	}
	if err := open("admin:wrong"); err == nil || errors.Is(err, bus.ErrSettings) {
		t.Errorf("a wrong password: %v", err)
	}

	opened := make(chan error, 1)
	go func() { opened <- open("admin:a") }()
	for asked := 0; asked < 2; {
		select {
		case line := <-said:
			if strings.Contains(line, "asking again") {
				asked++
			}
		case err := <-opened:
			t.Fatalf("a server that says nothing: %v", err)
		case <-time.After(2 * time.Minute):
			t.Fatal("it is not asked again")
		}
	}
	cancel()
	if err := <-opened; !errors.Is(err, context.Canceled) {
		t.Errorf("at the end: %v", err)
	}
}

// A server that is down, or not found yet, is waited for; one whose disk is full is not.
func TestLasting(t *testing.T) {
	for _, c := range []struct {
		err  jetstream.APIError
		want bool
	}{
		{jetstream.APIError{Code: 503, ErrorCode: 10008, Description: "JetStream system temporarily unavailable"}, false},
		{jetstream.APIError{Code: 404, ErrorCode: 10059, Description: "stream not found"}, true},
		{jetstream.APIError{Code: 400, ErrorCode: 10005, Description: "no suitable peers for placement, peer offline"}, false},
		{jetstream.APIError{Code: 400, ErrorCode: 10005, Description: "no suitable peers for placement, insufficient storage"}, true},
	} {
		if got := bus.Lasting(fmt.Errorf("make it: %w", &c.err)); got != c.want {
			t.Errorf("%v: %v", c.err.Description, got)
		}
	}
	if bus.Lasting(context.DeadlineExceeded) {
		t.Error("no answer is one")
	}
}

// lines are what a logger writes, as long as there is room.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	select {
	case l <- string(p):
	default:
	}
	return len(p), nil
}

// A log is not made where there are too few servers for it.
func TestTooFewServersAreRefused(t *testing.T) {
	alone, err := embedded.Start(embedded.Options{Dir: t.TempDir(), Name: "alone", Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(alone.Stop)
	b := (&site{t: t}).join(bus.Options{Embedded: alone, Node: "embedded"})
	if _, err := b.Log(t.Context(), "0f0f", 1, true); !errors.Is(err, bus.ErrSettings) || !strings.Contains(err.Error(), "1 of its servers") {
		t.Errorf("with one server: %v", err)
	}
	if _, err := b.Log(t.Context(), "0f0f", 1, false); !errors.Is(err, bus.ErrMissing) {
		t.Errorf("without making it: %v", err)
	}
}

// A log or a server that can lose what it has acknowledged is refused, with the setting that is wrong.
func TestSettingsAreRefused(t *testing.T) {
	s := newSite(t)
	one := s.join(bus.Options{URL: s.servers[0].URL(), SyncChecked: true, Replicas: 1})
	if _, err := one.Log(t.Context(), "0f0f", 1, true); err != nil {
		t.Fatal(err)
	}

	if _, err := s.connect("three").Log(t.Context(), "0f0f", 1, true); !errors.Is(err, bus.ErrSettings) || !strings.Contains(err.Error(), "num_replicas 1, and it must be 3") {
		t.Error(err)
	}
	longer := s.join(bus.Options{URL: s.servers[0].URL(), SyncChecked: true, Replicas: 1, MaxAge: 30 * 24 * time.Hour})
	if _, err := longer.Log(t.Context(), "0f0f", 1, true); !errors.Is(err, bus.ErrSettings) || !strings.Contains(err.Error(), "max_age") {
		t.Error(err)
	}

	lax, secret := laxServer(t)
	b := s.join(bus.Options{URL: lax, Replicas: 1, SystemCredentials: secret})
	if _, err := b.Log(t.Context(), "0f0f", 1, true); !errors.Is(err, bus.ErrSettings) || !strings.Contains(err.Error(), "sync_interval: always") {
		t.Error(err)
	}

	small := s.join(bus.Options{URL: lax, Replicas: 1, SyncChecked: true})
	if _, err := small.Log(t.Context(), "0f0f", 1, true); !errors.Is(err, bus.ErrSettings) || !strings.Contains(err.Error(), "max_payload: 8MB") {
		t.Error(err)
	}
	log := s.open(one, 1)
	if err := log.Append(t.Context(), 1, make([]byte, 8<<20+1)); err == nil || errors.Is(err, bus.ErrOther) {
		t.Errorf("a commit that no server takes: %v", err)
	}
}

// laxServer is a server as it is by default, which writes through every two minutes.
func laxServer(t *testing.T) (url, credentials string) {
	t.Helper()
	sys := server.NewAccount("SYS")
	lax, err := server.NewServer(&server.Options{
		ServerName: "lax", Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
		Accounts: []*server.Account{sys}, SystemAccount: "SYS", NoAuthUser: "market",
		Users: []*server.User{{Username: "market", Password: "m"}, {Username: "admin", Password: "a:b", Account: sys}},
	})
	if err != nil {
		t.Fatal(err)
	}
	lax.Start()
	t.Cleanup(func() { lax.Shutdown(); lax.WaitForShutdown() })
	if !lax.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not start")
	}
	return lax.ClientURL(), file(t, "admin:a:b\n")
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A server that others reach wants credentials, which come from a file and are in no message.
func TestCredentials(t *testing.T) {
	if _, err := embedded.Start(embedded.Options{Dir: t.TempDir(), Name: "one", Listen: "0.0.0.0:0"}); err == nil || !strings.Contains(err.Error(), "bus.credentials") {
		t.Fatal(err)
	}
	secret := file(t, "market:letmeinplease\n")
	running, err := embedded.Start(embedded.Options{Dir: t.TempDir(), Name: "one", Listen: "0.0.0.0:0", Credentials: secret})
	if err != nil {
		t.Fatal(err)
	}

	defer running.Stop()

	for credentials, ok := range map[string]bool{secret: true, "": false, file(t, "market:wrong\n"): false, file(t, "wrong"): false, file(t, "two\nlines"): false, "/nonexistent": false} {
		b, err := bus.Connect(t.Context(), bus.Options{URL: running.URL(), Name: "market", Credentials: credentials})
		if (err == nil) != ok {
			t.Errorf("%q: %v", credentials, err)
		}
		if err == nil {
			b.Close()
		} else if strings.Contains(err.Error(), "letmein") || strings.Contains(err.Error(), "wrong\n") {
			t.Errorf("a secret in a message: %v", err)
		}
	}

	if _, err := bus.Connect(t.Context(), bus.Options{URL: "nats://me:hidden@127.0.0.1:1", Name: "market"}); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Error(err)
	}
	if _, err := bus.Connect(t.Context(), bus.Options{URL: running.URL(), Name: "market", TLSCA: secret}); err == nil || !strings.Contains(err.Error(), "holds no certificate") {
		t.Error(err)
	}
}
