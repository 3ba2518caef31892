package plain

import (
	"errors"
	"log/slog"
	"net/http"
	"time"
)

var (
	// ErrClosed is returned when the client is no longer connected.
	ErrClosed = errors.New("plain: client is closed")
	// ErrSlow is returned when the client's queue is full; the client is cut.
	ErrSlow = errors.New("plain: client does not read, queue is full")
)

// Places bounds the connections, which share it with others. Its methods are safe for concurrent use.
type Places interface {
	// Reserve takes a place; an error says why there is none.
	Reserve() error
	// Release gives one back.
	Release()
}

// Options configure a [Server]. Places must be set; for numbers, zero takes the default named in each comment.
type Options struct {
	Places Places
	// Allow decides on every request; an error is answered with 403. Nil allows all.
	Allow func(*http.Request) error
	// Token says that clients have to show one: a WebSocket without an Authorization header sends it first, as event auth.
	Token bool
	// PingInterval and PingTimeout are the heartbeat, 30 s and 60 s: a client that answers no ping within the timeout, and has
	// taken nothing meanwhile, has gone. Server-sent events have a comment instead, which nobody answers.
	PingInterval, PingTimeout time.Duration
	// MaxPayload bounds one incoming message, in bytes: 1 MiB.
	MaxPayload int64
	// MaxQueuedMessages and MaxQueuedBytes bound what waits to be written to one client, 2,048 and 2 MiB.
	MaxQueuedMessages, MaxQueuedBytes int
	// StallTimeout is how long a client may take nothing of what is written to it, 10 s. It has to take 16 KiB within that time.
	StallTimeout time.Duration
	// RequestsPerSecond and Burst are the token bucket of one client's events: 100 and twice the rate.
	RequestsPerSecond float64
	Burst             int
	// EventID names the place of a broadcast of that unit, for clients of server-sent events to resume from. Nil: none is named.
	EventID func(unit uint64) string
	// Logger receives the package's records; nil discards them.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	orElse(&o.PingInterval, 30*time.Second)
	orElse(&o.PingTimeout, 60*time.Second)
	orElse(&o.MaxPayload, 1<<20)
	orElse(&o.MaxQueuedMessages, 2048)
	orElse(&o.MaxQueuedBytes, 2<<20)
	orElse(&o.StallTimeout, 10*time.Second)
	orElse(&o.RequestsPerSecond, 100)
	orElse(&o.Burst, max(1, int(2*o.RequestsPerSecond)))
	if o.EventID == nil {
		o.EventID = func(uint64) string { return "" }
	}
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

// Handler is what happens to clients. All calls for one [Conn] come one after the other. A panic is recovered and logged.
type Handler struct {
	// Connect runs before anything else. auth is nil when the client sent none. An error refuses the client with what Refusal
	// makes of it.
	Connect func(c *Conn, auth map[string]any) error
	// Refusal is the payload of the error that a refused client gets.
	Refusal func(err error) any
	// Malformed answers what is no message.
	Malformed func(c *Conn, err error)
	// Event gets each event in the order it was sent. data is decoded JSON; ack is nil when none was asked for.
	Event func(c *Conn, name string, data any, ack func(payload any))
	// Limited stands in for Event when the request rate was exceeded.
	Limited func(c *Conn, ack func(payload any))
	// Disconnect runs exactly once for each Conn whose Connect returned nil, after every other call for it.
	Disconnect func(c *Conn, reason string)
}
