//go:build desktop

package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"spinscope/backend"
)

var (
	// errStopping is returned by restart when the app is on its way out.
	errStopping = errors.New("the app is closing")
	// errStuck is returned by restart when the backend does not stop.
	errStuck = errors.New("the server does not stop: close the app and start it again")
)

// restartTime is how long a backend may take to stop for a restart.
const restartTime = 30 * time.Second

// service runs the backend beside the window: started once, again after it failed, and anew with other settings. Safe
// for concurrent use.
type service struct {
	log        *slog.Logger
	restarting sync.Mutex // held by a restart

	mu      sync.Mutex
	options backend.Options
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
	running, done, ctx := backend.New(s.options), make(chan struct{}), s.ctx
	s.backend, s.done, s.failed = running, done, nil
	go func() {
		defer close(done)
		wasReady := make(chan bool, 1)
		ended, end := context.WithCancel(ctx)
		go func() { wasReady <- becameReady(ended, running) }()
		err := running.Run(ctx)
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

// retry starts a backend that has failed once more. While a restart is under way it is the one that tries.
func (s *service) retry(fell func(error)) {
	if !s.restarting.TryLock() {
		return
	}
	defer s.restarting.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		s.startLocked(fell)
	}
}

// restart runs the backend with other options and returns when it is ready. When it cannot be, the backend comes back
// with the options it had, and the error tells why.
func (s *service) restart(o backend.Options, fell func(error)) error {
	s.restarting.Lock()
	defer s.restarting.Unlock()
	before := s.settings()
	err := s.replace(o, fell)
	if err == nil || errors.Is(err, errStopping) || errors.Is(err, errStuck) {
		return err
	}
	if back := s.replace(before, fell); back != nil && back.Error() != err.Error() {
		return fmt.Errorf("%w; and with the settings before: %w", err, back)
	}
	return err
}

// replace stops the backend, starts one with the options and waits until it is ready or has failed.
func (s *service) replace(o backend.Options, fell func(error)) error {
	s.mu.Lock()
	old, cancel := s.done, s.cancel
	s.mu.Unlock()
	cancel()
	if old != nil {
		select {
		case <-old:
		case <-time.After(restartTime):
			s.mu.Lock()
			s.failed = errStuck
			s.mu.Unlock()
			return errStuck
		}
	}

	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		return errStopping
	}

	s.options = o
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.startLocked(fell)
	running, done, ctx := s.backend, s.done, s.ctx
	s.mu.Unlock()
	waiting, ended := context.WithCancel(ctx)
	defer ended()

	go func() {
		select {
		case <-done:
			ended()
		case <-waiting.Done():
		}
	}()
	if becameReady(waiting, running) {
		return nil
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	if s.failed != nil {
		return s.failed
	}
	return errStopping
}

// settings are the options that the backend runs with.
func (s *service) settings() backend.Options {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.options
}

// note changes options that make no difference to the backend.
func (s *service) note(o backend.Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options = o
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
	done, cancel := s.done, s.cancel
	s.mu.Unlock()
	cancel()
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
