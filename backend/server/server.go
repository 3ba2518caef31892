package server

import (
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"spinscope/backend/server/guard"
	"spinscope/backend/server/rest"
	"spinscope/backend/telemetry"
	"spinscope/backend/wire"
)

// Deps is what the server is put together from.
type Deps struct {
	API     rest.Deps
	Guard   *guard.Guard
	Sockets http.Handler          // of /socket.io/; nil answers 404
	Plain   http.Handler          // of /ws; nil answers 404
	Events  http.Handler          // of /sse; nil answers 404
	Page    fs.FS                 // the built front end; without index.html "/" says how to build it
	Collect []telemetry.Collector // what else /metrics shows
	Ready   func() error          // what /readyz says: nil is 200, an error 503 with its text, which must hold no secrets
	Logger  *slog.Logger          // slog.Default() if nil

	// Note is a further line of /readyz, without secrets; "" for none. May be nil.
	Note func() string
}

// Server is the HTTP server. Make one with New.
type Server struct {
	handler  http.Handler
	api      *rest.API
	registry *prometheus.Registry
	log      *slog.Logger
}

// New puts the server together. It opens nothing.
func New(deps Deps) *Server {
	if deps.Logger == nil {
		deps.Logger = slog.Default()
	}
	if deps.API.Logger == nil {
		deps.API.Logger = deps.Logger
	}

	s := &Server{api: rest.New(deps.API), registry: prometheus.NewRegistry(), log: deps.Logger}
	meter := newMeter(s.registry, deps.API)
	s.registry.MustRegister(gatherer(deps.Collect))
	mux := http.NewServeMux()
	api := deps.Guard.Authorize(meter.count(compress(s.api)))
	mux.Handle("/api/", timed(answerTimeout, api))
	mux.Handle("/api-docs/", timed(answerTimeout, api))
	mux.Handle("/udf/", timed(answerTimeout, api))
	mux.Handle("/metrics", timed(answerTimeout, deps.Guard.Authorize(promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))))
	mux.Handle("GET /healthz", timed(answerTimeout, health(nil, nil)))
	mux.Handle("GET /readyz", timed(answerTimeout, health(deps.Ready, deps.Note)))
	if deps.Sockets == nil {
		deps.Sockets = s.api // answers 404 with the envelope
	}

	mux.Handle("/socket.io/", deps.Sockets)
	if deps.Plain != nil { // it asks for the token itself: a browser's WebSocket sends no header
		mux.Handle("GET /ws", deps.Plain)
	}
	if deps.Events != nil {
		mux.Handle("GET /sse", deps.Guard.Authorize(deps.Events))
	}
	for _, namespace := range []string{"/ws/kline", "/kline"} {
		mux.Handle(namespace, timed(answerTimeout, noPath(namespace)))
	}

	mux.Handle("/docs/", timed(answerTimeout, docsPage()))
	for path, to := range map[string]string{"/docs": "docs/", "/swagger-ui": "docs/", "/swagger-ui/": "../docs/"} {
		mux.Handle(path, timed(answerTimeout, redirect(to)))
	}

	mux.Handle("/", timed(answerTimeout, page(deps.Page)))
	s.handler = secure(s.recovered(deps.Guard.Wrap(mux)))
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// API is the REST API, for its description.
func (s *Server) API() *rest.API { return s.api }

// Registry is where further metrics may be registered before serving.
func (s *Server) Registry() prometheus.Registerer { return s.registry }

// health answers 200, or 503 with what ready says, and what note says beside that. Each may be nil.
func health(ready func() error, note func() string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		line := ""
		if note != nil {
			if line = note(); line != "" {
				line += "\n"
			}
		}
		if ready != nil {
			if err := ready(); err != nil {
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = w.Write([]byte("not ready: " + err.Error() + "\n" + line))
				return
			}
		}
		_, _ = w.Write([]byte("ok\n" + line))
	})
}

// noPath tells who opens a namespace as if it were a path, perhaps with a plain WebSocket, what it is.
func noPath(namespace string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write(wire.AppendFailure(nil, namespace+" is a namespace of Socket.IO, whose path is /socket.io/: a Socket.IO client connects to it, a plain WebSocket to /ws"))
	})
}

// secure sets the headers that every answer carries.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		if !strings.HasPrefix(r.URL.Path, "/api/image/") { // the app's page, of another origin, shows these
			header.Set("Cross-Origin-Resource-Policy", "same-origin")
		}
		next.ServeHTTP(w, r)
	})
}

// recovered turns a panic into a 500 and a log line. http.ErrAbortHandler is meant to break the connection.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
				panic(cause)
			}
			s.log.ErrorContext(r.Context(), "handler panicked", "component", "server", "route", r.Pattern, "err", cause)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError) // too late when the answer has begun; net/http says so
			_, _ = w.Write(wire.AppendFailure(nil, "the server failed; its log has the details"))
		}()
		next.ServeHTTP(w, r)
	})
}
