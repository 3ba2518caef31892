package stream

import (
	"context"
	"time"

	"spinscope/backend/market"
)

// Why a client that resumes is told of a gap although all its commits may be there: they are not the ones it knows.
const (
	aheadOfStore = "since_seq is ahead of this store: it was not taken from it"
	otherStore   = "since_seq was taken from another store: the data directory, the cluster or the server is another one"
)

// resume is where a client wants to go on.
type resume struct {
	since   market.Seq
	asked   bool // else it begins anew, and the rest means nothing
	foreign bool // since is a seq of another store
}

// resume reads since_seq, and store, which names the store that it was taken from.
func (s *session) resume(f fields) (resume, error) {
	since, asked, err := f.since()
	if err != nil {
		return resume{}, err
	}
	store, err := f.store()
	if err != nil {
		return resume{}, err
	}
	r := resume{since: since, asked: asked, foreign: store != nil && *store != s.stream.store.ID()}
	if asked && !r.foreign {
		s.await(since)
	}
	return r, nil
}

// await gives a store that is a replica the time to get the commits that a client has seen on another node. A client is waited for
// once: what it subscribes to after that time is answered with what there is.
func (s *session) await(since market.Seq) {
	st := s.stream
	if st.patience == 0 || since <= st.store.Seq()+1 {
		return
	}

	if s.patient.IsZero() {
		s.patient = time.Now().Add(st.patience)
	}
	ctx, cancel := context.WithDeadline(st.ctx, s.patient)
	defer cancel()
	if st.broadcaster.absorbs(ctx, since-1) {
		s.patient = time.Time{}
	}
}

// arrive notes that a commit is absorbed. The mutex is held.
func (b *broadcaster) arrive(seq market.Seq) {
	b.absorbed = seq
	for w := range b.late {
		if w.seq <= seq {
			close(w.reached)
			delete(b.late, w)
		}
	}
}

// absorbs waits until a commit is absorbed, and with it stored. It returns false when ctx or the broadcaster ends first.
func (b *broadcaster) absorbs(ctx context.Context, seq market.Seq) bool {
	w := &waiter{seq, make(chan struct{})}
	b.mu.Lock()
	if b.absorbed >= seq {
		b.mu.Unlock()
		return true
	}
	b.late[w] = struct{}{}
	b.mu.Unlock()

	select {
	case <-w.reached:
		return true
	case <-ctx.Done():
	case <-b.done:
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.late, w)
	return b.absorbed >= seq
}

// unknown says why a seq cannot be one of this store, whose newest commit is given; "" when it can.
func (r resume) unknown(newest market.Seq) string {
	switch {
	case !r.asked:
		return ""
	case r.foreign:
		return otherStore
	case r.since > newest+1:
		return aheadOfStore
	default:
		return ""
	}
}

// within is where to go on, or the next commit when the client knows another store, of which it is told.
func (s *session) within(k key, from resume) market.Seq {
	newest := s.stream.store.Seq()
	reason := from.unknown(newest)
	if reason == "" {
		return from.since
	}
	s.gap(k, 1, newest, reason)
	return newest + 1
}
