package stream

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// peer is a client's connection, by whichever transport; *socketio.Conn and *plain.Conn are.
type peer interface {
	ID() string
	// Answer queues an event; an error means that the connection is gone.
	Answer(event string, payload any) error
	// Drain waits until little of what was queued is left to be taken by the client.
	Drain(ctx context.Context) error
	// Crowded reports whether Drain would wait.
	Crowded() bool
	Join(room string)
	Leave(room string)
	RemoteAddr() string
	UserAgent() string
	Authorization() string
	Since() time.Time
}

// session is one connected client of a namespace. Its handlers run one at a time; subs and paused belong to the broadcaster.
type session struct {
	stream *Stream
	space  *space
	peer   peer
	subs   map[key]*subscription
	held   int               // what the subscriptions weigh; the broadcaster's
	paused [numOrders]*pause // pushes are held back; the broadcaster's

	serving sync.Mutex // held by a request, or by what catches up for a client that is set aside
	acked   bool       // the request under way asks for an acknowledgement
	patient time.Time  // until when the client is waited for, once it knew a later commit; zero: it did not
	weight  int        // of each subscription that the request under way makes
	owed    tally      // answered since the connection was last drained

	waiting  int  // requests that wait at the desk, whose mutex guards it
	away     bool // the client has gone; the desk's too
	left     bool // the same; the broadcaster's
	answered bool // it is being answered; the desk's

	live   map[market.Pubkey]struct{} // coins that it was told are live; the desk's
	tidyAt int                        // of them, before those are dropped that it is not subscribed to any more
}

// request is one event of a client.
type request struct {
	session *session
	event   string
	serve   handler
	fields  fields
	ack     func(any) // nil: not asked for

	live *market.Pubkey // a coin of which the client was told that it is live, nil for none
}

// tally counts messages and their bytes.
type tally struct{ messages, bytes int }

// emit queues an encoded payload.
func (s *session) emit(event string, payload []byte) {
	if s.peer.Answer(event, json.RawMessage(payload)) != nil {
		return
	}
	s.stream.counts.messages.Add(1)
	if s.traced() {
		s.stream.log.Debug("message queued", "client", s.peer.ID(), "event", event, "bytes", len(payload))
	}
}

// traced reports whether the steps of a request are logged.
func (s *session) traced() bool { return s.stream.log.Enabled(s.stream.ctx, slog.LevelDebug) }

// request serves one event of the client. ack may be nil.
func (s *session) request(event string, args []any, ack func(any)) {
	if s.traced() {
		s.stream.log.Debug("request received", "client", s.peer.ID(), "event", event, "args", len(args), "ack", ack != nil)
	}
	s.serving.Lock()
	defer s.serving.Unlock()

	if !s.begin(ack) {
		return
	}
	serve := s.space.handlers[event]
	if serve == nil {
		known := slices.Sorted(maps.Keys(s.space.handlers))
		s.refuse(invalid("unknown event %.40q: %s has %s", event, s.space.name, strings.Join(known, ", ")), ack)
		return
	}

	f, err := payload(args)
	if err != nil {
		s.refuse(err, ack)
		return
	}

	if r := (&request{session: s, event: event, serve: serve, fields: f, ack: ack}); !s.stream.desk.holds(r) {
		s.serve(r)
	}
}

// begin begins to serve a request; false when the connection is gone.
func (s *session) begin(ack func(any)) bool {
	s.acked, s.weight = ack != nil, wholeWeight
	s.recovered()
	return s.awaitSpace(s.stream.ctx, 0) == nil
}

// serve answers a request that was begun.
func (s *session) serve(r *request) {
	f, ack := r.fields, r.ack
	if _, may := demanding[r.event]; may {
		defer s.stream.desk.answering(s)()
		defer s.stream.desk.served(r)
	}
	reply, err := r.serve(s, f)
	if err != nil {
		s.refuse(err, ack)
		return
	}

	s.stream.log.Debug("request served", "client", s.peer.ID(), "event", r.event, "mint", f["symbol"], "interval", f["interval"],
		"since_seq", f["since_seq"])
	if ack == nil {
		return
	}
	if text, ok := reply.(historyReply); ok && s.awaitSpace(s.stream.ctx, len(text)) != nil {
		return // the connection is gone
	}
	ack(reply)
}

// refuse answers a failed request with an error event and a negative acknowledgement.
func (s *session) refuse(err error, ack func(any)) {
	if isGone(err) {
		return // the client has gone
	}
	code := codeOf(err)
	s.stream.counts.errors.Add(1)
	s.stream.log.Debug("request refused", "client", s.peer.ID(), "code", code, "err", err)
	text := err.Error()
	if code == wire.CodeHistory { // what failed inside is for the log
		s.stream.log.Error("history not read", "client", s.peer.ID(), "err", err)
		text = "history could not be read"
	}
	s.emitJSON("error", wire.StreamError{Code: code, Message: text})
	if ack != nil {
		ack(refusal{Code: code, Message: text})
	}
}

// refusal is a negative acknowledgement.
type refusal struct {
	Success bool   `json:"success"`
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// codeOf is the wire code of an error; the one place that knows.
func codeOf(err error) int {
	var f *failure
	switch {
	case errors.As(err, &f):
		return f.Code
	case errors.Is(err, errLimit):
		return wire.CodeRefused
	default:
		return wire.CodeHistory
	}
}

// awaitSpace waits, before a message of so many bytes, until the client has taken most of what it was answered. So answers never
// cut a client that reads, and never fill the memory for one that does not.
func (s *session) awaitSpace(ctx context.Context, bytes int) error {
	const maxBytes, maxMessages = 256 << 10, 128
	s.owed.messages++
	if s.owed.bytes += bytes; s.owed.bytes <= maxBytes && s.owed.messages <= maxMessages {
		return nil
	}
	s.owed = tally{1, bytes}
	return s.peer.Drain(ctx)
}

func (s *session) pong(fields) (any, error) {
	s.emitJSON("pong", pongAnswer{s.stream.now().UnixMilli()})
	return success{true}, nil
}

type success struct {
	Success bool `json:"success"`
}
