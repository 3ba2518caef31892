package follow_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"spinscope/backend/follow"
	"spinscope/backend/hub"
	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink notes what it is given, and checks that nothing is left out and nothing comes twice.
type sink struct {
	t         *testing.T
	published map[market.Seq]*market.Commit
	seen      market.Seq // the newest commit taken or missed
	failing   error      // what the next Take returns

	live, logged, missed int // commits
}

func (s *sink) Take(_ context.Context, c *market.Commit, live bool) error {
	s.t.Helper()
	if c.Seq != s.seen+1 {
		s.t.Fatalf("commit %d after %d", c.Seq, s.seen)
	}
	want := s.published[c.Seq]
	if len(c.Events) != len(want.Events) || len(c.Tokens) != len(want.Tokens) || !reflect.DeepEqual(c.Events[0], want.Events[0]) ||
		!reflect.DeepEqual(c.Gaps, want.Gaps) {
		s.t.Fatalf("commit %d: got %+v, want %+v", c.Seq, c, want)
	}

	if err := s.failing; err != nil {
		s.failing = nil
		return err
	}

	s.seen = c.Seq
	if live {
		s.live++
	} else {
		s.logged++
	}

	return nil
}

func (s *sink) Missed(_ context.Context, from, to market.Seq) error {
	s.t.Helper()
	if from != s.seen+1 || to < from {
		s.t.Fatalf("missed %d to %d after %d", from, to, s.seen)
	}
	if err := s.failing; err != nil {
		s.failing = nil
		return err
	}
	s.missed += int(to - s.seen)
	s.seen = to
	return nil
}

// site is a store with a hub and a writer.
type site struct {
	t         testing.TB
	random    *rand.Rand
	dir       string
	store     *store.Store
	hub       *hub.Hub
	published map[market.Seq]*market.Commit
	small     bool // no commit is large
}

func newSite(t *testing.T, seed uint64) *site {
	s := &site{t: t, random: rand.New(rand.NewPCG(seed, 11)), dir: t.TempDir(), published: map[market.Seq]*market.Commit{}}
	s.open()
	t.Cleanup(func() {
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *site) open() {
	s.t.Helper()
	var err error
	if s.store, err = store.Open(store.Options{Dir: s.dir}); err != nil {
		s.t.Fatal(err)
	}
	s.hub = hub.New(hub.Options{})
}

// restart opens the store anew. Without its log it is as if a program had committed meanwhile that knows of none.
func (s *site) restart(withLog bool) {
	s.t.Helper()
	if err := s.store.Close(); err != nil {
		s.t.Fatal(err)
	}
	if !withLog {
		files, err := filepath.Glob(filepath.Join(s.dir, "*.commits"))
		if err != nil {
			s.t.Fatal(err)
		}
		for _, file := range files {
			if err := os.Remove(file); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	s.open()
}

// commit makes the next commit: some events, now and then very large ones, so that the log is soon full.
func (s *site) commit() *market.Commit {
	s.t.Helper()
	seq := s.store.Seq() + 1
	c := &market.Commit{Seq: seq, Slot: market.Slot(seq), ChainTime: int64(seq)}
	uri := "u"
	if !s.small && s.random.IntN(4) == 0 {
		uri = strings.Repeat("u", 30_000)
	}

	for i := range 1 + s.random.IntN(6) {
		var mint market.Pubkey
		mint[0], mint[1], mint[2] = byte(seq), byte(seq>>8), byte(i)
		e := market.Event{
			Position: market.Position{Slot: market.Slot(seq), Ordinal: uint16(i)}, BlockTime: int64(seq), ReceivedAt: int64(seq) * 1000,
			Body: &spinpet.TokenCreated{Mint: mint, Name: "n", URI: uri},
		}
		e.Signature[0], e.Signature[1], e.Signature[2] = byte(seq), byte(seq>>8), byte(i)
		c.Events = append(c.Events, e)
	}

	if s.random.IntN(10) == 0 {
		c.Gaps = []market.Gap{{From: market.Slot(seq), To: market.Slot(seq), Cause: "test"}}
	}
	if err := s.store.Commit(c); err != nil {
		s.t.Fatal(err)
	}

	s.published[seq] = c
	return c
}

func (s *site) follower(pending int) *follow.Follower {
	return follow.New(follow.Options{Name: "test", Log: s.store, Hub: s.hub, MaxPending: pending})
}

// However often the sink is slow, fails, stops and begins again at an older commit, and whatever the log has lost: it gets
// each commit once and in order, or is told that it is older than the log.
func TestEveryCommitOnceOrMissed(t *testing.T) {
	var live, logged, missed, lags int
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s := newSite(t, seed)
			to := &sink{t: t, published: s.published}
			saved := market.Seq(0) // as a sink stores its cursor now and then
			f := s.follower(20)
			defer func() { f.Close() }()

			begin := func(withLog bool) {
				lags += int(f.Lags())
				f.Close()
				s.restart(withLog)
				f = s.follower(20)
				f.Begin(saved)
				to.seen = saved
			}
			deliver := func() {
				t.Helper()
				err := f.Deliver(t.Context(), to)
				if err != nil && !errors.Is(err, errSink) {
					t.Fatal(err)
				}
			}
			for range 400 {
				switch s.random.IntN(30) {
				case 0:
					begin(true)
				case 1:
					begin(s.random.IntN(3) > 0)
				case 2:
					to.failing = errSink
				case 3, 4:
					saved = to.seen
				case 5: // stored, and nobody was told
					s.commit()
				case 6, 7: // a burst while the sink is busy
					for range s.random.IntN(40) {
						s.hub.Publish(s.commit())
					}
				case 8, 9, 10, 11, 12:
					deliver()
				default:
					s.hub.Publish(s.commit())
					if s.random.IntN(2) == 0 {
						deliver()
					}
				}

				if f.Cursor() != to.seen {
					t.Fatalf("the cursor is at %d, the sink at %d", f.Cursor(), to.seen)
				}
			}

			s.hub.Publish(s.commit())
			for to.seen < s.store.Seq() {
				deliver()
			}

			lags += int(f.Lags())
			live, logged, missed = live+to.live, logged+to.logged, missed+to.missed
		})
	}

	t.Logf("%d live, %d from the log, %d missed, %d lags", live, logged, missed, lags)
	if live < 100 || logged < 100 || missed < 100 || lags < 10 {
		t.Error("not everything was tried")
	}
}

var errSink = errors.New("sink failed")

// Followers of any patience keep up with a writer that does not wait for them.
func TestRunBesideAWriter(t *testing.T) {
	const total = 600
	s := newSite(t, 7)
	for range 50 { // before they follow
		s.commit()
	}

	begin := s.store.Seq()
	var commits []*market.Commit // made before, so that the sinks may look at them
	published := map[market.Seq]*market.Commit{}
	for i := range market.Seq(total) {
		c := &market.Commit{Seq: begin + 1 + i, Slot: 1000 + market.Slot(i), ChainTime: 1000}
		for at := range 1 + s.random.IntN(20) {
			e := market.Event{Position: market.Position{Slot: c.Slot, Ordinal: uint16(at)}, BlockTime: 1000, Body: &spinpet.TokenCreated{Mint: market.Pubkey{9, byte(i), byte(i >> 8), byte(at)}}}
			e.Signature[0], e.Signature[1], e.Signature[2] = 9, byte(i), byte(i>>8)
			c.Events = append(c.Events, e)
		}
		commits = append(commits, c)
		published[c.Seq] = c
	}

	var group sync.WaitGroup
	for reader := range 5 {
		f := s.follower(1 + reader*100)
		f.Begin(begin - market.Seq(reader)*10)
		to := &slowSink{sink: sink{t: t, seen: begin - market.Seq(reader)*10, published: s.published}, until: begin + total, slow: reader % 3}
		old := to.published
		to.published = map[market.Seq]*market.Commit{}
		maps.Copy(to.published, old)
		maps.Copy(to.published, published)
		group.Go(func() {
			if err := f.Run(t.Context(), to); !errors.Is(err, errEnough) {
				t.Errorf("reader %d: %v", reader, err)
			}
			if to.missed > 0 {
				t.Errorf("reader %d missed %d", reader, to.missed)
			}
		})
	}

	for _, c := range commits {
		if err := s.store.Commit(c); err != nil {
			t.Fatal(err)
		}
		s.hub.Publish(c)
	}

	group.Wait()
	if left := s.hub.Stats().Subscribers; len(left) != 0 {
		t.Errorf("%d subscribers left", len(left))
	}
}

var errEnough = errors.New("all is there")

// slowSink takes its time over each commit, and ends with the last one.
type slowSink struct {
	sink
	until market.Seq
	slow  int
}

func (s *slowSink) Take(ctx context.Context, c *market.Commit, live bool) error {
	for range s.slow * 2000 {
		_ = fmt.Sprint(c.Seq)
	}
	if err := s.sink.Take(ctx, c, live); err != nil {
		return err
	}
	if c.Seq == s.until {
		return errEnough
	}
	return nil
}

// A follower that is not told where to begin begins at the head; one that is told of a commit that was never made begins
// there too.
func TestBeginsAtTheHead(t *testing.T) {
	s := newSite(t, 1)
	for range 3 {
		s.commit()
	}
	for _, begin := range []func(*follow.Follower){func(*follow.Follower) {}, func(f *follow.Follower) { f.Begin(99) }} {
		f := s.follower(0)
		begin(f)
		to := &sink{t: t, seen: s.store.Seq(), published: s.published}
		if err := f.Deliver(t.Context(), to); err != nil {
			t.Fatal(err)
		}
		s.hub.Publish(s.commit())
		if err := f.Deliver(t.Context(), to); err != nil || to.live != 1 || to.logged+to.missed != 0 || f.Lags() != 0 {
			t.Errorf("%+v, %v", to, err)
		}
		f.Close()
	}
}

// When the context ends, the follower ends without an error and leaves the hub; a sink's error is the follower's.
func TestRunEnds(t *testing.T) {
	s := newSite(t, 1)
	f := s.follower(0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Run(ctx, &sink{t: t}); err != nil {
		t.Error(err)
	}
	if left := s.hub.Stats().Subscribers; len(left) != 0 {
		t.Errorf("%d subscribers left", len(left))
	}

	f = s.follower(0)
	s.hub.Publish(s.commit())
	if err := f.Run(t.Context(), &sink{t: t, published: s.published, failing: errSink}); !errors.Is(err, errSink) {
		t.Error(err)
	}
}

// brief is a store whose newest commit fell out of the log while it was made: it is stored, but not published yet.
type brief struct {
	follow.Log
	seq market.Seq
}

func (b *brief) Seq() market.Seq { return b.seq }

// A commit that the log lost before it is published is not missed: it comes live.
func TestMissedEndsAtTheNewestCommit(t *testing.T) {
	s := newSite(t, 1)
	for range 4 {
		s.commit()
	}
	s.restart(false)
	f := follow.New(follow.Options{Log: &brief{s.store, 3}, Hub: s.hub})
	defer f.Close()
	f.Begin(1)
	to := &sink{t: t, seen: 1, published: s.published}
	if err := f.Deliver(t.Context(), to); err != nil || to.missed != 2 || f.Cursor() != 3 {
		t.Errorf("%+v at %d, %v", to, f.Cursor(), err)
	}
}

// A sink that is far behind gets the log in pages, and its turn in between, though nothing comes live meanwhile.
func TestLogComesInPages(t *testing.T) {
	s := newSite(t, 2)
	s.small = true
	for range 400 {
		s.commit()
	}

	f := s.follower(0)
	defer f.Close()

	f.Begin(0)
	to := &sink{t: t, published: s.published}
	pages := 0
	for to.seen < s.store.Seq() {
		<-f.Ready()
		before := to.seen
		if err := f.Deliver(t.Context(), to); err != nil {
			t.Fatal(err)
		}

		weight := 0
		for seq := before + 1; seq <= to.seen; seq++ {
			weight += hub.Weight(s.published[seq])
		}

		if pages++; weight == 0 || weight > 512 {
			t.Fatalf("page %d weighs %d", pages, weight)
		}
	}

	if to.logged != 400 || pages < 3 || f.Lags() != 0 {
		t.Errorf("%d commits in %d pages", to.logged, pages)
	}
}

// nobody takes everything and does nothing.
type nobody struct{}

func (nobody) Take(context.Context, *market.Commit, bool) error     { return nil }
func (nobody) Missed(context.Context, market.Seq, market.Seq) error { return nil }

// BenchmarkLog is how long a commit of one to six events takes a sink that is 1,000 of them behind.
func BenchmarkLog(b *testing.B) {
	s := &site{t: b, random: rand.New(rand.NewPCG(1, 11)), dir: b.TempDir(), published: map[market.Seq]*market.Commit{}, small: true}
	s.open()
	defer func() { _ = s.store.Close() }()
	const commits = 1000
	for range commits {
		s.commit()
	}
	f := s.follower(0)
	defer f.Close()
	for b.Loop() {
		for f.Begin(0); f.Cursor() < commits; {
			if err := f.Deliver(b.Context(), nobody{}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*commits), "ns/commit")
}
