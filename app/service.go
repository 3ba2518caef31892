//go:build desktop

package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"spinscope/backend"
)

// service runs the backend beside the window: started once, and again after it failed. Safe for concurrent use.
type service struct {
	options backend.Options
	log     *slog.Logger

	mu      sync.Mutex
	backend *backend.Backend // nil before the start
	ctx     context.Context  // ends when the backend is to stop
	cancel  context.CancelFunc
	done    chan struct{} // closed when the backend has ended
	failed  error         // why it ended, when it was not asked to
	stopped bool          // for good
}

func newService(o backend.Options) *service {
	ctx, cancel := context.WithCancel(context.Background())
	return &service{options: o, log: o.Logger.With("component", "app"), ctx: ctx, cancel: cancel}
}

// start runs the backend. fell is called, in a goroutine of its own, when it ends with an error after it was ready.
func (s *service) start(fell func(error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.startLocked(fell)
}

func (s *service) startLocked(fell func(error)) {
	if s.stopped {
		return
	}
	running, done := backend.New(s.options), make(chan struct{})
	s.backend, s.done, s.failed = running, done, nil
	go func() {
		defer close(done)
		wasReady := make(chan bool, 1)
		ended, end := context.WithCancel(s.ctx)
		go func() { wasReady <- becameReady(ended, running) }()
		err := running.Run(s.ctx)
		end()
		if err == nil {
			return
		}
		s.log.Error("server stopped", "err", err)
		s.mu.Lock()
		s.failed = err
		s.mu.Unlock()
		if <-wasReady {
			go fell(err)
		}
	}()
}

// becameReady waits until the backend has opened its port, or until ctx ends without that.
func becameReady(ctx context.Context, b *backend.Backend) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, ready := b.Address(); ready {
			return true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}

// retry starts a backend that has failed once more.
func (s *service) retry(fell func(error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		s.startLocked(fell)
	}
}

// state tells where the backend serves, or why it does not; neither while it starts.
func (s *service) state() (address string, failed error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.backend == nil || s.failed != nil {
		return "", s.failed
	}
	address, _ = s.backend.Address()
	return address, nil
}

// current is the running backend and the context that ends with it; false before the start and after a failure.
func (s *service) current() (*backend.Backend, context.Context, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backend, s.ctx, s.backend != nil && s.failed == nil
}

// stop ends the backend for good and waits until its store is closed, at most for the given time.
func (s *service) stop(patience time.Duration) bool {
	s.mu.Lock()
	s.stopped = true
	done := s.done
	s.mu.Unlock()
	s.cancel()
	if done == nil {
		return true
	}
	select {
	case <-done:
		return true
	case <-time.After(patience):
		return false
	}
}
