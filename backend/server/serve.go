package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// ErrBusy is returned by Listen when another program holds the port.
var ErrBusy = errors.New("the port is in use by another program")

// Times of the HTTP server. Socket.IO's long polls and upgraded connections have their own.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	answerTimeout = 30 * time.Second // for a request's body, and for its answer
	drainTimeout  = time.Second      // for requests that run when the server is told to end
	maxHeader     = 64 << 10
)

// Listen opens address, HOST:PORT. Port 0 takes a free one. The error says what to do; it wraps ErrBusy when the port is
// taken.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE), isWindowsInUse(err):
		return nil, fmt.Errorf("listen on %s: %w (perhaps Spinscope itself): stop it, or choose another port with --listen HOST:PORT, where port 0 takes any free one", address, ErrBusy)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen on %s: not permitted: choose a port from 1024 up with --listen HOST:PORT", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("listen on %s: this machine has no such address: choose one with --listen HOST:PORT, such as 127.0.0.1:5051", address)
	}
	return nil, fmt.Errorf("listen on %s: %w", address, err)
}

// isWindowsInUse tells WSAEADDRINUSE, which package syscall does not map.
func isWindowsInUse(err error) bool {
	number, ok := errors.AsType[syscall.Errno](err)
	return ok && number == 10048
}

// Serve answers on listener until ctx ends, then gives running requests two seconds and returns nil. It closes the
// listener. Socket.IO clients must be closed before ctx ends; those left are cut.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx)) // they outlive ctx by the drain time
	defer cancel()

	door := newDoor(listener, descriptorLimit(), s.log)
	server := &http.Server{
		ConnState:         door.watch,
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(door) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}

	drain, stop := context.WithTimeout(requests, drainTimeout)
	defer stop()

	if err := server.Shutdown(drain); err != nil {
		cancel()
		_ = server.Close() // what is left has had its time
	}
	<-failed
	return nil
}

// timed gives requests of the API and the page limit to send a body and as long again to take the answer. A deadline for
// reading is set only where there is a body: net/http ends the context of a longer answer, such as an export, with it.
// net/http itself takes both away before the connection's next request, which may be a long poll.
func timed(limit time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		until := time.Now().Add(limit)
		if r.Body != nil && r.Body != http.NoBody {
			_ = control.SetReadDeadline(until) // a writer without deadlines is a test's
		}
		_ = control.SetWriteDeadline(until)
		next.ServeHTTP(w, r)
	})
}
