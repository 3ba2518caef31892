package spinscope

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	maxWaiting = 10_000 // updates that wait for a reader
	maxSent    = 10_000 // candles that are remembered, to tell none twice
	retry      = time.Second
)

// stream is what all streams have: a subscription, what waits for the reader, and how far the reader is. What comes meanwhile
// waits in a queue that has a bound; a reader that falls behind it loses nothing: the subscription is given up, and resumed from
// the reader's position once the queue is empty. Its fields are guarded by the mutex of live.
type stream[T any] struct {
	live     *live
	topic    string
	kind     string
	payload  map[string]any
	resumes  bool
	self     reader[T]
	position *Position
	feed     *feed
	behind   bool
	err      error         // what the reader gets after what waits
	woken    chan struct{} // something can be taken
	done     chan struct{} // closed by Close
	once     sync.Once
	ended    func()
}

// reader is what each kind of stream does in its own way. Its methods but fetch are called with the mutex held.
type reader[T any] interface {
	listener
	start()                                  // asks for it (again)
	take() (T, bool)                         // what comes next, if it is there
	clear()                                  // forgets what waits
	fetch(ctx context.Context) (bool, error) // gets more, without the mutex; false: there is nothing to get but what is pushed
}

func newStream[T any](l *live, topic, kind string, payload map[string]any, since *Position) stream[T] {
	return stream[T]{
		live: l, topic: topic, kind: kind, payload: payload, position: since, resumes: true,
		woken: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// Position is where a later reader is to go on; ok is false as long as less was taken than makes one commit whole.
func (s *stream[T]) Position() (at Position, ok bool) {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	if s.position == nil {
		return Position{}, false
	}
	return *s.position, true
}

// Next waits for the next one. Its error is that of the context, ErrClosed, a *RequestError or an *HTTPError; after one that is
// not of the context the stream has ended.
func (s *stream[T]) Next(ctx context.Context) (T, error) {
	for {
		s.live.mu.Lock()
		var none T
		select {
		case <-s.done:
			s.live.mu.Unlock()
			return none, ErrClosed
		default:
		}
		if next, ok := s.self.take(); ok {
			s.live.mu.Unlock()
			return next, nil
		}
		err := s.err
		if err == nil && s.behind {
			s.behind = false
			s.self.start()
		}
		s.live.mu.Unlock()
		if err != nil {
			s.Close()
			return none, err
		}

		got, err := s.self.fetch(ctx)
		switch {
		case ctx.Err() != nil:
			return none, ctx.Err()
		case err != nil:
			s.live.mu.Lock()
			s.self.clear()
			s.end(err)
			s.live.mu.Unlock()
			continue
		case got:
			continue
		}
		select {
		case <-s.woken:
		case <-s.done:
		case <-ctx.Done():
			return none, ctx.Err()
		}
	}
}

// Close ends the stream; what waits is dropped. It may be called by any goroutine, and again.
func (s *stream[T]) Close() {
	s.once.Do(func() {
		s.live.mu.Lock()
		s.drop()
		s.self.clear()
		close(s.done)
		s.live.mu.Unlock()
		s.ended()
	})
}

// subscribe asks for it from the position on. The mutex is held.
func (s *stream[T]) subscribe() {
	select {
	case <-s.done:
		return
	default:
	}
	if s.err != nil {
		return
	}
	s.drop()
	s.feed = &feed{topic: s.topic, kind: s.kind, payload: s.payload, to: s.self, at: s.position, resumes: s.resumes}
	s.live.subscribe(s.feed)
}

func (s *stream[T]) drop() {
	if s.feed != nil {
		s.live.unsubscribe(s.feed)
		s.feed = nil
	}
}

func (s *stream[T]) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// overflow gives the subscription up: the reader is so far behind that no more is kept. The mutex is held.
func (s *stream[T]) overflow() {
	s.drop()
	s.behind = true
	s.self.clear()
	s.wake()
}

// fail takes a refusal. The mutex is held.
func (s *stream[T]) fail(err error) {
	var refused *RequestError
	if !errors.As(err, &refused) || refused.Code != CodeRateLimited {
		s.end(err)
		return
	}
	s.feed = nil
	time.AfterFunc(retry, func() {
		s.live.mu.Lock()
		defer s.live.mu.Unlock()
		s.self.start()
	})
}

// end ends the stream with an error, which the reader gets after what waits. The mutex is held.
func (s *stream[T]) end(err error) {
	if s.err == nil {
		s.err = err
	}
	s.drop()
	s.wake()
}
