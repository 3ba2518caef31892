package solana

import (
	"context"
	"time"

	"spinscope/backend/wake"
)

const (
	recheckEvery = 3 * time.Second
	maxRecheck   = 4 // missing transactions asked for in one recheck: a sample, so that the question costs nothing
)

// startRecheck asks for a few of the transactions that the node lists and did not show. When one is there now, a rescan
// reads them all: so a gap closes soon after its cause is gone, and not only at the next regular rescan.
func (s *session) startRecheck(ctx context.Context) {
	if len(s.missing) == 0 || s.scanning || s.checking.Swap(true) {
		return
	}
	found := make([]found, min(len(s.missing), maxRecheck))
	calls := make([]*call, 0, len(found))
	for signature := range s.missing {
		calls = append(calls, transactionCall(signature, s.config.readable(), &found[len(calls)]))
		if len(calls) == len(found) {
			break
		}
	}

	s.group.Go(func() {
		defer s.checking.Store(false)
		if s.rpc.do(ctx, 1, calls...) != nil {
			return // the next one asks again
		}
		for i, one := range calls {
			if one.err == nil && found[i].known && found[i].tx.BlockTime != 0 {
				wake.Up(s.rescans)
				return
			}
		}
	})
}
