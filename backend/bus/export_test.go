package bus

import (
	"context"
	"sync/atomic"

	"github.com/nats-io/nats.go/jetstream"
)

// Lasting is lasting.
var Lasting = lasting

// ShowLate has the servers show what is in a place of the log only when they have been asked so often, as a new leader does that
// has not applied all yet.
func (l *Log) ShowLate(times int) {
	late := &lateStream{Stream: l.stream}
	late.times.Store(int64(times))
	l.stream = late
}

type lateStream struct {
	jetstream.Stream
	times atomic.Int64
}

func (s *lateStream) GetMsg(ctx context.Context, seq uint64, opts ...jetstream.GetMsgOpt) (*jetstream.RawStreamMsg, error) {
	if s.times.Add(-1) >= 0 {
		return nil, jetstream.ErrMsgNotFound
	}
	return s.Stream.GetMsg(ctx, seq, opts...)
}
