package solana

import (
	"context"
	"sync/atomic"
	"time"

	"spinscope/backend/market"
)

const (
	secondWait = time.Second     // for the other endpoint to answer its first question
	secondTime = 5 * time.Second // for one of its lists
)

// second is another endpoint that is asked for what the one in use lists, as long as it answers. Nothing waits for it
// long. Safe for concurrent use.
type second struct {
	ready chan struct{} // closed when the endpoint has been asked for its chain
	began time.Time
	rpc   atomic.Pointer[rpcClient] // nil before that, and when it does not answer
}

// openSecond finds another endpoint that serves the same chain, until ctx ends; nil when only one is configured.
func (c *shared) openSecond(ctx context.Context, l *link) *second {
	if len(c.config.Endpoints) < 2 {
		return nil
	}
	other := &second{ready: make(chan struct{}), began: time.Now()}
	l.group.Go(func() {
		for n := 1; n < len(c.config.Endpoints); n++ {
			rpc, err := c.open(ctx, (l.index+n)%len(c.config.Endpoints))
			if err != nil {
				continue
			}
			other.rpc.Store(rpc)
			close(other.ready)
			<-ctx.Done()
			rpc.close()
			return
		}

		close(other.ready)
	})

	return other
}

// list is a page of signatures as the other endpoint has it, nothing when there is none or it does not answer.
func (o *second) list(ctx context.Context, h *history, before market.Signature) []signatureInfo {
	if o == nil || o.rpc.Load() == nil && time.Since(o.began) > secondWait {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, secondTime)
	defer cancel()

	timer := time.NewTimer(time.Until(o.began.Add(secondWait)))
	defer timer.Stop()

	select {
	case <-o.ready:
	case <-timer.C:
	}

	rpc := o.rpc.Load()
	if rpc == nil {
		return nil
	}

	var infos []signatureInfo
	one := signaturesCall(h.address, before, pageSize, 0, h.commitment, &infos)
	if rpc.do(ctx, 1, one) != nil {
		o.rpc.Store(nil) // until the next connection
	}

	return infos
}
