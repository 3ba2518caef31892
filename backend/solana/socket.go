package solana

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"spinscope/backend/market"
	"spinscope/backend/proxy"
)

var (
	// ErrRefused is returned when the cluster answers a subscription with an error.
	ErrRefused = errors.New("subscription refused")
	// errSilent is returned when a socket is open but shows no new slot.
	errSilent = errors.New("no new slot")
	// errGarbage is returned when too many frames of a socket could not be read.
	errGarbage = errors.New("too many unreadable frames")
	// errClosed is returned for a subscription over a connection that has ended.
	errClosed = errors.New("the connection has ended")
)

const (
	logsID     = 1 // request ids; each is used once on a connection
	slotID     = 2
	maxGarbage = 100
)

// socket is one PubSub connection with its subscriptions: of slots, of the program's logs, and of those of addresses that are
// followed beside it. Subscriptions die with the connection: it is never mended.
type socket struct {
	conn    *websocket.Conn
	scrub   *scrubber
	queue   *queue
	logger  *slog.Logger
	silence time.Duration
	onSlot  func(market.Slot)

	arrivals *arrivals // may be nil

	parser   FrameParser
	frame    Frame
	buffer   bytes.Buffer
	lastSlot time.Time
	garbage  int
	logsSub  *uint64 // nil until granted
	slotSub  *uint64

	asking chan struct{} // holds those that are about to be subscribed to
	closed chan struct{} // when run has ended

	mu      sync.Mutex
	lastID  uint64                   // of a request
	asked   map[uint64]*subscription // by request: subscribed to, and not answered
	granted map[uint64]*subscription // by the cluster's number

	newest atomic.Uint64 // slot announced last
	rises  atomic.Uint64 // announcements of a newer slot
	unread atomic.Uint64 // frames that could not be read
}

// subscription is one to the logs of an address beside the program.
type subscription struct {
	request uint64
	number  uint64 // the cluster's, once it is granted
	queue   *queue
	answer  chan error // of capacity 1: nil when it is granted
}

const (
	maxAsking    = 8                // subscriptions asked for at once
	grantTimeout = 10 * time.Second // for the answer to one
)

type socketOptions struct {
	program    market.Pubkey
	commitment string
	silence    time.Duration
	queue      *queue
	logger     *slog.Logger
	onSlot     func(market.Slot) // called from the reader, must not block
	arrivals   *arrivals         // may be nil
}

// dial connects and subscribes; it returns when both subscriptions were granted. ctx bounds the dialling only.
func dial(ctx context.Context, endpoint Endpoint, options socketOptions) (*socket, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	scrub := newScrubber(endpoint.RPC, endpoint.WS)
	conn, err := handshake(ctx, endpoint, scrub)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", Redact(endpoint.WS), err)
	}
	s := &socket{
		conn: conn, scrub: scrub, queue: options.queue, logger: options.logger, silence: options.silence, onSlot: options.onSlot,
		arrivals: options.arrivals,
		lastSlot: time.Now(), asking: make(chan struct{}, maxAsking), closed: make(chan struct{}), lastID: slotID,
		asked: map[uint64]*subscription{}, granted: map[uint64]*subscription{},
	}
	if err := s.subscribe(ctx, options.program, options.commitment); err != nil {
		_ = conn.CloseNow()
		return nil, fmt.Errorf("subscribe at %s: %w", Redact(endpoint.WS), err)
	}
	return s, nil
}

// handshake opens the WebSocket of an endpoint. The error has the status and the words of whoever refuses it.
func handshake(ctx context.Context, endpoint Endpoint, scrub *scrubber) (*websocket.Conn, error) {
	transport, err := proxy.Sockets(endpoint.WS)
	if err != nil {
		return nil, scrub.clean(err)
	}

	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	conn, response, err := websocket.Dial(ctx, endpoint.WS, &websocket.DialOptions{HTTPClient: client})
	if err == nil {
		conn.SetReadLimit(maxFrame)
		return conn, nil
	}
	if response == nil || response.Body == nil {
		return nil, scrub.clean(err)
	}

	defer response.Body.Close() //nolint:errcheck // only read
	if response.StatusCode == http.StatusSwitchingProtocols {
		return nil, scrub.clean(err)
	}
	return nil, refusal(response, scrub, maxHandshakeWords)
}

func (s *socket) subscribe(ctx context.Context, program market.Pubkey, commitment string) error {
	for _, request := range subscriptions(program, commitment) {
		if err := s.conn.Write(ctx, websocket.MessageText, []byte(request)); err != nil {
			return s.scrub.clean(err)
		}
	}
	for s.logsSub == nil || s.slotSub == nil {
		if err := s.read(ctx); err != nil {
			return err
		}
	}
	s.lastSlot = time.Now()
	return nil
}

// run reads until the connection fails or ctx ends, and pings. It closes the connection.
func (s *socket) run(ctx context.Context, ping time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	pinging := make(chan struct{})
	go func() {
		defer close(pinging)
		s.ping(ctx, ping)
	}()
	defer func() {
		cancel()
		_ = s.conn.CloseNow()
		close(s.closed)
		<-pinging
	}()

	for {
		left := time.Until(s.lastSlot.Add(s.silence))
		if left <= 0 {
			return fmt.Errorf("%w for %v", errSilent, s.silence)
		}

		limited, done := context.WithTimeout(ctx, left)
		err := s.read(limited)
		expired := limited.Err() != nil && ctx.Err() == nil
		done()
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case expired:
			return fmt.Errorf("%w for %v", errSilent, s.silence)
		default:
			return err
		}
	}
}

// ping keeps the connection in use. A lost pong closes it, and the reader sees that.
func (s *socket) ping(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		limited, cancel := context.WithTimeout(ctx, max(every, s.silence))
		err := s.conn.Ping(limited)
		cancel()
		if err != nil {
			_ = s.conn.CloseNow()
			return
		}
	}
}

// read reads one frame and acts on it.
func (s *socket) read(ctx context.Context) error {
	_, reader, err := s.conn.Reader(ctx)
	if err != nil {
		return s.scrub.clean(err)
	}

	s.buffer.Reset()
	if _, err := s.buffer.ReadFrom(reader); err != nil {
		return s.scrub.clean(err)
	}
	if err := s.parser.Parse(s.buffer.Bytes(), &s.frame); err != nil {
		return s.unreadable(err)
	}

	switch frame := &s.frame; frame.Kind {
	case FrameLogs:
		if queue := s.queueOf(frame.Subscription); queue != nil {
			tx := frame.Transaction
			frame.Transaction.Logs = nil // the queue's now
			tx.ReceivedAt = time.Now()
			tx.Index = s.arrivals.place(tx.Signature, tx.Slot)
			queue.push(tx)
		}
	case FrameSlot:
		if s.slotSub == nil || *s.slotSub == frame.Subscription {
			s.announce(frame.Slot)
		}
	case FrameAnswer:
		subscription := frame.Subscription
		switch frame.ID {
		case logsID:
			s.logsSub = &subscription
		case slotID:
			s.slotSub = &subscription
		default:
			s.grant(frame.ID, subscription)
		}
	case FrameRefusal:
		if s.refuse(frame) {
			return nil
		}
		return fmt.Errorf("%w: %w", ErrRefused, &rpcError{frame.Code, s.scrub.text(frame.Message)})
	case FrameOther:
	}

	return nil
}

// queueOf is the queue for the notifications of a subscription, nil for one that is none of ours.
func (s *socket) queueOf(number uint64) *queue {
	if s.logsSub == nil || *s.logsSub == number {
		return s.queue
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.granted[number]; one != nil {
		return one.queue
	}
	return nil
}

// subscribeTo subscribes to the logs of an address while run reads; it returns when that is granted. An error wrapping
// ErrRefused says that the cluster does not grant it.
func (s *socket) subscribeTo(ctx context.Context, address market.Pubkey, commitment string, queue *queue) (*subscription, error) {
	ctx, cancel := context.WithTimeout(ctx, grantTimeout)
	defer cancel()

	select {
	case s.asking <- struct{}{}:
		defer func() { <-s.asking }()
	case <-s.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}

	one := &subscription{queue: queue, answer: make(chan error, 1)}
	s.mu.Lock()
	s.lastID++
	one.request = s.lastID
	s.asked[one.request] = one
	s.mu.Unlock()
	if err := s.conn.Write(ctx, websocket.MessageText, []byte(logsRequest(one.request, address, commitment))); err != nil {
		return nil, s.scrub.clean(err)
	}

	select {
	case err := <-one.answer:
		return one, err
	case <-s.closed:
		return nil, errClosed
	case <-ctx.Done():
		s.unsubscribe(one)
		return nil, ctx.Err()
	}
}

// unsubscribe ends a subscription. What is on its way already goes nowhere.
func (s *socket) unsubscribe(one *subscription) {
	s.mu.Lock()
	delete(s.asked, one.request)
	granted := s.granted[one.number] == one
	if granted {
		delete(s.granted, one.number)
	}

	s.lastID++
	request := fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":"logsUnsubscribe","params":[%d]}`, s.lastID, one.number)
	s.mu.Unlock()
	select {
	case <-s.closed:
		return
	default:
	}

	if granted {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.conn.Write(ctx, websocket.MessageText, request) // it dies with the connection in any case
	}
}

// grant notes that a subscription was granted. One that nobody waits for any more is left alone: its notifications go nowhere.
func (s *socket) grant(request, number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.asked[request]; one != nil {
		delete(s.asked, request)
		one.number = number
		s.granted[number] = one
		one.answer <- nil
	}
}

// refuse hands a refusal to whoever asked for the subscription; false when nobody did.
func (s *socket) refuse(frame *Frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.asked[frame.ID]
	if one == nil {
		return frame.ID > slotID && frame.ID <= s.lastID // of one that was given up, or of an end
	}
	delete(s.asked, frame.ID)
	one.answer <- fmt.Errorf("%w: %w", ErrRefused, &rpcError{frame.Code, s.scrub.text(frame.Message)})
	return true
}

// suspect notes that a notification may have been lost, whosoever it was.
func (s *socket) suspect() {
	s.queue.suspect()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.granted {
		one.queue.suspect()
	}
}

func (s *socket) announce(slot market.Slot) {
	if uint64(slot) <= s.newest.Load() { // only progress is a sign of life
		return
	}
	s.newest.Store(uint64(slot))
	s.rises.Add(1)
	s.lastSlot = time.Now()
	s.onSlot(slot)
}

// moves reports whether the chain has gone on beyond a slot. One that was started again from a lower slot shows it by
// announcing one slot after the other.
func (s *socket) moves(from market.Slot) bool {
	return s.newest.Load() > uint64(from) || s.rises.Load() > 1
}

// unreadable counts a frame that could not be parsed. It may have been a transaction, so history is read again.
func (s *socket) unreadable(err error) error {
	s.garbage++
	s.unread.Add(1)
	if s.garbage == 1 {
		s.logger.Warn("unreadable frame", "err", s.scrub.text(err.Error()))
	}
	if s.garbage > maxGarbage {
		return errGarbage
	}
	s.suspect()
	return nil
}
