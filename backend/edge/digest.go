package edge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"spinscope/backend/bus"
	"spinscope/backend/commitlog"
	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/wake"
)

// ErrDiffers is returned when a store's commits are not those of the writer.
var ErrDiffers = errors.New("this copy of the market differs from the one of the node that wrote it")

const (
	digestRun   = 1000        // commits that are compared at once
	digestEvery = time.Second // between two looks whether there are as many more
)

// Compared counts what was compared. The zero value is ready; safe for concurrent use.
type Compared struct{ Equal, Differing atomic.Uint64 }

// Compare compares each run of 1,000 commits with what the writer says of them, as the commit log of this store has them on its
// disk, until ctx ends, which returns nil. The writer says it where nobody has. It returns ErrDiffers for a run that is another
// one. A run that is not whole in the commit log, as after beginning from a snapshot, is left out, as is one of which
// nobody says anything until the next is whole.
func Compare(ctx context.Context, b *bus.Bus, s *store.Store, writes bool, counts *Compared) error {
	end := nextRun(s.Seq())
	for {
		for s.Seq() >= end {
			done, err := compareRun(ctx, b, s, end, writes, counts)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			if !done && s.Seq() < end+digestRun {
				break
			}
			end += digestRun
		}
		if wake.After(ctx, digestEvery) != nil {
			return nil
		}
	}
}

// nextRun is the last commit of the run that the one after a seq is of.
func nextRun(seq market.Seq) market.Seq { return (seq/digestRun + 1) * digestRun }

// compareRun compares the run that ends with a commit; done is false while nobody has said what it is.
func compareRun(ctx context.Context, b *bus.Bus, s *store.Store, end market.Seq, writes bool, counts *Compared) (done bool, err error) {
	own, err := s.CommitDigest(ctx, end-digestRun+1, end)
	if _, older := errors.AsType[*commitlog.OlderError](err); older {
		return true, nil
	}
	if err != nil {
		return false, err
	}

	var due []byte
	if writes {
		due, err = b.PutDigest(ctx, end, own)
	} else {
		due, err = b.Digest(ctx, end)
	}
	if errors.Is(err, bus.ErrMissing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}

	switch {
	case len(due) != len(own) || due[0] != own[0]: // of a version that encodes commits otherwise
	case !bytes.Equal(due, own):
		counts.Differing.Add(1)
		return false, fmt.Errorf("%w: in the commits %d to %d", ErrDiffers, end-digestRun+1, end)
	default:
		counts.Equal.Add(1)
	}
	return true, nil
}
