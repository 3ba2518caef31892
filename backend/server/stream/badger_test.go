package stream

import (
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/store"
)

// The seam holds over the real store too, and what it keeps across a restart serves a resume.
func TestHistoryAndLiveMeetOverBadger(t *testing.T) {
	dir := t.TempDir()
	open := func() *store.Store {
		s, err := store.Open(store.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	durable := open()
	b := newBench(t, func(o *Options) { o.Store, o.BatchTimeout = durable, 2*time.Millisecond })
	b.writer.before = func(c *market.Commit) {
		if err := durable.Commit(c); err != nil {
			t.Error(err)
		}
	}
	b.meet(t, 40, 600)
	s, _ := b.client(t, openSpace, "before")
	_, before := ask(t, s, "subscribe_events", object{"since_seq": 1.0})
	if err := durable.Close(); err != nil {
		t.Fatal(err)
	}

	durable = open()
	defer func() {
		if err := durable.Close(); err != nil {
			t.Error(err)
		}
	}()
	again := newBench(t, func(o *Options) { o.Store = durable })
	s, _ = again.client(t, openSpace, "after")
	_, after := ask(t, s, "subscribe_events", object{"since_seq": 1.0})
	if len(after) != len(before) || len(after) < 20 {
		t.Fatalf("%d events before the restart, %d after", len(before), len(after))
	}
	for i := range after {
		if after[i].Signature != before[i].Signature || after[i].Seq != before[i].Seq {
			t.Fatalf("event %d: %+v, before %+v", i, after[i], before[i])
		}
	}
	if _, got := ask(t, s, "subscribe_events", object{"since_seq": 1e9}); len(got) < 2 || got[1].event != "gap" {
		t.Errorf("ahead of the store: %v", eventsOf(got))
	}
}
