package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

// OlderError says that commits are not in the log any more: those before Oldest.
type OlderError struct{ From, Oldest market.Seq }

// Error implements error.
func (e *OlderError) Error() string {
	return fmt.Sprintf("commit %d is older than the log of the bus, which begins at %d", e.From, e.Oldest)
}

// Log is a log of one store: of its commits, whose place in it is their seq, or of what alerts did.
type Log struct {
	bus    *Bus
	store  string // identity
	config jetstream.StreamConfig
	stream jetstream.Stream
}

// config is how a stream must be.
func (b *Bus) config(name, subject, what string, first market.Seq) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: name, Subjects: []string{b.options.Name + "." + subject}, Description: what,
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld, Storage: jetstream.FileStorage, Replicas: b.options.Replicas,
		MaxAge: b.options.MaxAge, Duplicates: min(duplicates, b.options.MaxAge), DenyDelete: true, DenyPurge: true, FirstSeq: uint64(first),
	}
}

// Log opens the log of a store, and makes one that begins with a seq where there is none and create is set; else that is
// ErrMissing. It refuses a log that can lose what it has acknowledged.
func (b *Bus) Log(ctx context.Context, store string, first market.Seq, create bool) (*Log, error) {
	few, err := b.checkServers(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.checkPayload(); err != nil {
		return nil, err
	}

	// A log that is there has the replicas it must have: a server that does not answer is down, which is what they are for.
	log, err := b.open(ctx, store, b.config(b.options.Name, "commits", "commits of a Spinscope market, one message each", first), create && few == nil)
	switch {
	case few != nil && create && errors.Is(err, ErrMissing):
		return nil, few
	case few != nil && err == nil:
		b.log.Warn("not all servers of the bus are up", "err", few)
	}
	return log, err
}

// Alerts opens the log of what a store's alerts did, whose first place is 1, like Log.
func (b *Bus) Alerts(ctx context.Context, store string, create bool) (*Log, error) {
	return b.open(ctx, store, b.config(b.options.Name+"-alerts", "alerts", "what fired, and how far commits were looked at for it", 1), create)
}

// open opens a log.
func (b *Bus) open(ctx context.Context, store string, config jetstream.StreamConfig, create bool) (*Log, error) {
	stream, err := openOrMake(ctx,
		func(ctx context.Context) (jetstream.Stream, error) { return b.js.Stream(ctx, config.Name) },
		func(ctx context.Context) (jetstream.Stream, error) {
			if !create {
				return nil, jetstream.ErrStreamNotFound
			}
			return b.js.CreateStream(ctx, config)
		},
		jetstream.ErrStreamNotFound, jetstream.ErrStreamNameAlreadyInUse)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, fmt.Errorf("log %s: %w", config.Name, ErrMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("open log %s: %w", config.Name, err)
	}

	if err := checkStream(stream.CachedInfo(), &config); err != nil {
		return nil, err
	}
	return &Log{bus: b, store: store, config: config, stream: stream}, nil
}

// Append puts a commit at the end of the log, when the one before it is there. It returns once the servers have it on as
// many disks as they must, and until then tries again, byte for byte, so that a commit whose outcome is unknown is stored
// once. It returns ErrOther when there is another commit in its place: nothing of this one is in the log then.
func (l *Log) Append(ctx context.Context, seq market.Seq, payload []byte) error {
	if len(payload) > maxPayload {
		return fmt.Errorf("append commit %d: %d bytes, and %d are the most", seq, len(payload), maxPayload)
	}

	behind := 0
	for {
		sent, err := l.try(ctx, seq, payload)
		switch {
		case err == nil && sent == stored:
			return nil
		case err == nil: // the servers know of something in its place
			done, last, err := l.resolve(ctx, seq, payload)
			if done || err != nil {
				return err
			}
			if last+1 != seq { // a new leader takes a moment to have all that was acknowledged, or to show it
				if behind++; behind > behindTries {
					return fmt.Errorf("append commit %d: %w: it ends at %d", seq, ErrOther, last)
				}
			}
		case lasting(err):
			return fmt.Errorf("append commit %d: %w", seq, err)
		}

		l.bus.log.Debug("the outcome of an append is not known, sending it again", "seq", seq, "err", err)
		if waiting := wake.After(ctx, retryPause); waiting != nil {
			return errors.Join(fmt.Errorf("append commit %d: %w", seq, waiting), err)
		}
	}
}

// behindTries is how often a log that ends too early, or shows nothing in a place before its end, is looked at again.
const behindTries = 50

// outcome is what the servers say of a commit that was sent.
type outcome int

const (
	unknown outcome = iota
	stored          // in its place
	taken           // something is in its place, or is about to be
)

// try sends a commit once.
func (l *Log) try(ctx context.Context, seq market.Seq, payload []byte) (outcome, error) {
	once, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()

	message := &nats.Msg{Subject: l.config.Subjects[0], Data: payload}
	acknowledged, err := l.bus.js.PublishMsg(once, message,
		jetstream.WithMsgID(l.store+":"+strconv.FormatUint(uint64(seq), 10)), jetstream.WithExpectStream(l.config.Name),
		jetstream.WithExpectLastSequence(uint64(seq)-1), jetstream.WithRetryAttempts(0))
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		switch api.ErrorCode {
		case jetstream.JSErrCodeStreamWrongLastSequence, jetstream.JSErrCodeStreamWrongLastSequenceConstant, codeInFlight:
			return taken, nil
		}
	}
	if err != nil {
		return unknown, err
	}

	if acknowledged.Duplicate || acknowledged.Sequence != uint64(seq) {
		return taken, nil // the id is looked at first, and two writers of a store give the same one to different commits
	}
	return stored, nil
}

// codeInFlight is the servers' word that a message of that id is being stored.
const codeInFlight jetstream.ErrorCode = 10158

// resolve looks what is in the log in a commit's place: done when it is that very commit, an error when it is another. When
// nothing is there it says where the log ends.
func (l *Log) resolve(ctx context.Context, seq market.Seq, payload []byte) (done bool, last market.Seq, err error) {
	found, err := again(ctx, func(ctx context.Context) (*jetstream.RawStreamMsg, error) { return l.stream.GetMsg(ctx, uint64(seq)) })
	if errors.Is(err, jetstream.ErrMsgNotFound) { // it may come to its place between this question and the next
		first, last, err := l.bounds(ctx)
		if err == nil && first > seq {
			err = fmt.Errorf("append commit %d: %w: it begins at %d", seq, ErrOther, first)
		}
		return false, last, err
	}
	if err != nil {
		return false, 0, fmt.Errorf("append commit %d: look what is in its place: %w", seq, err)
	}
	if !bytes.Equal(found.Data, payload) {
		return false, 0, fmt.Errorf("append commit %d: %w", seq, ErrOther)
	}
	return true, seq, nil
}

// bounds are the first and last sequences of the log, as its leader has them.
func (l *Log) bounds(ctx context.Context) (first, last market.Seq, err error) {
	info, err := again(ctx, func(ctx context.Context) (*jetstream.StreamInfo, error) { return l.stream.Info(ctx) })
	if err != nil {
		return 0, 0, fmt.Errorf("look at log %s: %w", l.config.Name, err)
	}
	return market.Seq(info.State.FirstSeq), market.Seq(info.State.LastSeq), nil
}

// Last is the newest commit in the log or, when there is none, the one before the first that there will be.
func (l *Log) Last(ctx context.Context) (market.Seq, error) {
	_, last, err := l.bounds(ctx)
	return last, err
}

// quietTime is how long nothing comes before the log is asked whether something should have.
const quietTime = 2 * time.Second

// Follow calls fn with the commits from a seq on, in order, and waits for those to come, until ctx ends or fn fails, whose
// error it returns. It returns an *OlderError when the first is not in the log, and ErrAhead when the log does not reach so far.
func (l *Log) Follow(ctx context.Context, from market.Seq, fn func(seq market.Seq, payload []byte) error) error {
	for {
		first, last, err := l.bounds(ctx)
		switch {
		case err != nil:
			return err
		case from < first:
			return &OlderError{From: from, Oldest: first}
		case from > last+1:
			return fmt.Errorf("%w: it ends at %d, and %d is due", ErrAhead, last, from)
		}

		if from, err = l.follow(ctx, from, fn); err != nil {
			return err
		}
		if err := wake.After(ctx, retryPause); err != nil {
			return err
		}
	}
}

// follow is Follow until the servers must be asked again; it returns the seq to go on with.
func (l *Log) follow(ctx context.Context, from market.Seq, fn func(seq market.Seq, payload []byte) error) (market.Seq, error) {
	once, cancel := context.WithTimeout(ctx, requestTime)
	consumer, err := l.stream.OrderedConsumer(once, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: uint64(from), InactiveThreshold: time.Minute,
		// One that was put on a server that is down stays there under its name, which the library would try for ever, whatever
		// becomes of ctx: after one try another is made here.
		MaxResetAttempts: 1,
	})
	cancel()
	if err != nil {
		return from, ctxError(ctx)
	}
	messages, err := consumer.Messages(jetstream.PullExpiry(10*time.Second), jetstream.PullHeartbeat(quietTime))
	if err != nil {
		return from, ctxError(ctx)
	}
	defer messages.Stop()

	for {
		quiet, cancel := context.WithTimeout(ctx, quietTime)
		message, err := messages.Next(jetstream.NextContext(quiet))
		cancel()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			_, last, err := l.bounds(ctx)
			if err != nil || last >= from {
				return from, err
			}
			continue
		}
		if err != nil {
			return from, ctxError(ctx)
		}
		meta, err := message.Metadata()
		if err != nil || market.Seq(meta.Sequence.Stream) > from {
			return from, nil // one is missing: begin anew, which says whether the log has lost it
		}
		if market.Seq(meta.Sequence.Stream) < from {
			continue
		}
		if err := fn(from, message.Data()); err != nil {
			return from, err
		}
		from++
	}
}

// ctxError is why the context ended, nil when it did not.
func ctxError(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
