package socketio

import (
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Options configures a [Server]. Zero values take the default named in each
// comment; a negative number is treated as zero.
type Options struct {
	// Path is the URL path served, "/socket.io/" by default.
	Path string
	// PingInterval and PingTimeout are the Engine.IO heartbeat: 25 s and 20 s.
	PingInterval, PingTimeout time.Duration
	// MaxPayload bounds one incoming message or POST body, attachments
	// included, in bytes: 1 MiB.
	MaxPayload int64
	// MaxConnections bounds the open sessions: 10,000. One more is refused
	// with 503 and a JSON body.
	MaxConnections int
	// MaxQueuedMessages and MaxQueuedBytes bound what waits to be written to
	// one client, 2,048 frames and 2 MiB. A client above either is cut.
	MaxQueuedMessages, MaxQueuedBytes int
	// StallTimeout is how long a client may take nothing of what waits for it,
	// 10 s, before it is cut. One that reads slowly but all the time is not: it
	// has to take about 16 KiB within that time.
	StallTimeout time.Duration
	// RequestsPerSecond and Burst are the token bucket of one session's events:
	// 100 and twice the rate. Events above it go to [Handler.Limited].
	RequestsPerSecond float64
	Burst             int
	// MaxPending bounds the events of one [Conn] that wait for its handler, 32.
	// When it is reached the session is not read until there is space.
	MaxPending int
	// Allow decides on every HTTP request, upgrades included, before anything
	// else looks at it. An error is answered 403 with a JSON body, or with the
	// status of a [*RequestError]. Nil allows all.
	Allow func(*http.Request) error
	// connectTimeout ends a session that joined no namespace: 10 s.
	connectTimeout time.Duration
	// Logger receives the package's records; nil discards them.
	Logger *slog.Logger
}

// withDefaults returns o with every unset field filled in.
func (o Options) withDefaults() Options {
	if o.Path == "" {
		o.Path = "/socket.io/"
	}
	o.Path = "/" + strings.Trim(o.Path, "/") + "/"
	if o.Path == "//" {
		o.Path = "/"
	}

	orElse(&o.PingInterval, 25*time.Second)
	orElse(&o.PingTimeout, 20*time.Second)
	orElse(&o.MaxPayload, 1<<20)
	orElse(&o.MaxConnections, 10_000)
	orElse(&o.MaxQueuedMessages, 2048)
	orElse(&o.MaxQueuedBytes, 2<<20)
	orElse(&o.StallTimeout, 10*time.Second)
	orElse(&o.RequestsPerSecond, 100)
	orElse(&o.Burst, max(1, int(2*o.RequestsPerSecond)))
	orElse(&o.MaxPending, 32)
	orElse(&o.connectTimeout, 10*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}

	return o
}

func orElse[T int | int64 | float64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
