package stream

import "spinscope/backend/market"

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
	return resume{since: since, asked: asked, foreign: store != nil && *store != s.stream.store.ID()}, nil
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
