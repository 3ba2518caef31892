package spinscope

import (
	"context"
	"net/http"
	"strings"
	"sync"
)

// Options are those of a client. The zero Options will do for a server without a token.
type Options struct {
	Token string
	// OnLink hears how the connection stands: connecting, connected, offline or unauthorized, and why. It must not call the client.
	OnLink func(link, reason string)
	// HTTP does the requests, also that of the WebSocket; nil is a client of its own. It must have no Timeout.
	HTTP *http.Client
}

// Client is a server: its history and what happens. One connection serves everything that is followed; it is made when something
// is.
type Client struct {
	rest *rest
	live *live

	mu      sync.Mutex
	streams map[closable]bool
	closed  bool
	cancel  context.CancelFunc // ends the connection
	ended   chan struct{}      // closed when it has; nil: nothing was followed yet
}

// closable is a stream of any kind.
type closable interface {
	Close()
	end(err error)
}

// New makes a client of a server, such as http://127.0.0.1:5051 or https://charts.example/spinscope. It does not connect yet. The
// error is ErrURL.
func New(url string, options Options) (*Client, error) {
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return nil, ErrURL
	}
	base := strings.TrimRight(url, "/")
	if options.HTTP == nil {
		options.HTTP = &http.Client{}
	}
	if options.OnLink == nil {
		options.OnLink = func(string, string) {}
	}
	c := &Client{
		rest: &rest{base, options.Token, options.HTTP},
		live: &live{
			base: base, token: options.Token, http: options.HTTP, onLink: options.OnLink,
			outgoing: make(chan struct{}, 1), greeted: make(chan struct{}),
		},
		streams: map[closable]bool{},
	}
	c.live.refused = func(err *RequestError) { // with live's mutex
		for _, f := range c.live.feeds {
			f.to.fail(err)
		}
	}
	return c, nil
}

// Close ends everything: each stream ends with ErrClosed.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	var streams []closable
	for s := range c.streams {
		streams = append(streams, s)
	}
	ended := c.ended
	if c.cancel != nil {
		c.cancel()
	}
	c.mu.Unlock()
	for _, s := range streams {
		s.Close()
	}
	if ended != nil {
		<-ended
	}
}

// open connects, if that was not done yet.
func (c *Client) open() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.ended != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel, c.ended = cancel, make(chan struct{})
	go func() {
		defer close(c.ended)
		c.live.run(ctx)
	}()
}

// Bars reads candles of a stretch of time, all of them, however many pages that takes, and the gaps that may lie among them. What
// passes by itself is tried again; else the error is an *HTTPError, an *UnreachableError, ErrStoreChanged or that of the context.
func (c *Client) Bars(ctx context.Context, mint, interval string, within Range) (*Bars, error) {
	return c.rest.bars(ctx, mint, interval, within)
}

// Follow streams the candles of a mint: those that are there, then each change.
func (c *Client) Follow(mint, interval string, options FollowOptions) *CandleStream {
	s := newCandleStream(c.live, c.rest, mint, interval, options)
	s.ended = func() { c.forget(s) }
	c.begin(s, s.start)
	return s
}

// Events streams the events of a mint, or with "" of all, from now on or from a position.
func (c *Client) Events(mint string, since *Position) *EventStream {
	topic, payload := "events", map[string]any{}
	if mint != "" {
		topic, payload = "events:"+mint, map[string]any{"symbol": mint}
	}
	return c.events(topic, "events", payload, since)
}

// Tokens streams new tokens, from now on or from a position.
func (c *Client) Tokens(since *Position) *EventStream {
	return c.events("token_events", "token_events", map[string]any{}, since)
}

func (c *Client) events(topic, kind string, payload map[string]any, since *Position) *EventStream {
	s := newEventStream(c.live, c.rest, topic, kind, payload, since)
	s.ended = func() {
		s.cancel()
		c.forget(s)
	}
	c.begin(s, s.start)
	return s
}

// Prices streams the price of a mint.
func (c *Client) Prices(mint string) *PriceStream {
	s := newPriceStream(c.live, mint)
	s.ended = func() { c.forget(s) }
	c.begin(s, s.start)
	return s
}

// Greeting waits for a connection and returns what the server says first.
func (c *Client) Greeting(ctx context.Context) (*Greeting, error) {
	c.open()
	select {
	case <-c.live.greeted:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c.live.mu.Lock()
	defer c.live.mu.Unlock()
	if c.live.greeting == nil {
		return nil, c.live.refusal
	}
	return c.live.greeting, nil
}

// Status returns how far the server is.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	var status Status
	return &status, c.rest.data(ctx, "/api/events/status", nil, &status)
}

// begin starts a stream.
func (c *Client) begin(s closable, start func()) {
	c.open()
	c.mu.Lock()
	closed := c.closed
	c.streams[s] = true
	c.mu.Unlock()
	if closed {
		s.Close()
		return
	}
	c.live.mu.Lock()
	defer c.live.mu.Unlock()
	if c.live.refusal != nil {
		s.end(c.live.refusal)
		return
	}
	start()
}

func (c *Client) forget(s closable) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.streams, s)
}
